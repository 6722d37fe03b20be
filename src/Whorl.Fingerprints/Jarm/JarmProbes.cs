using System.Text;

namespace Whorl.Fingerprints.Jarm;

/// <summary>Fills a span with random bytes; <c>RandomNumberGenerator.Fill</c> fits.</summary>
/// <param name="destination">What to fill.</param>
public delegate void JarmRandom(Span<byte> destination);

/// <summary>
/// The ten ClientHellos of JARM (Salesforce, 2020). Send each on a connection of its own, read once
/// (at most <see cref="JarmAnswer.MaxLength"/> bytes), close, and hand the bytes to <see cref="JarmAnswer"/>.
/// </summary>
public static class JarmProbes
{
    /// <summary>How many hellos there are.</summary>
    public const int Count = 10;

    /// <summary>Bytes of a host name at most: no DNS name is longer.</summary>
    public const int MaxHostLength = 255;

    /// <summary>Bytes of the longest hello, for a host of <see cref="MaxHostLength"/> bytes.</summary>
    public const int MaxLength = 429 + MaxHostLength;

    /// <summary>
    /// Writes a hello with its record header. The random source is asked once, for the client random, the session id
    /// and the key share (32 bytes each), then a byte for each of four GREASE values where the probe has them.
    /// </summary>
    /// <param name="number">Which hello, 0 to 9.</param>
    /// <param name="host">The name for the server_name extension: the host as it was asked for, also where it is an address.</param>
    /// <param name="random">The random source.</param>
    /// <param name="destination">Where the bytes go; <see cref="MaxLength"/> always suffices.</param>
    /// <returns>How many bytes were written; 0 where there is no such hello, the host is too long, or the destination too short.</returns>
    public static int Write(int number, ReadOnlySpan<char> host, JarmRandom random, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> name = stackalloc byte[MaxHostLength];
        return (uint)number < Count && Encoding.UTF8.TryGetBytes(host, name, out int length)
            ? JarmProbe.All[number].Write(name[..length], random, destination)
            : 0;
    }
}
