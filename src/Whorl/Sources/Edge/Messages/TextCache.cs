using System.Text;

namespace Whorl.Sources.Edge.Messages;

/// <summary>
/// Strings for byte sequences that keep coming back (user agents, header values, paths), so that a busy edge does not make them again for every request.
/// A fixed number of slots; a newcomer takes its slot over. Safe for many threads: an entry is immutable and swapped whole.
/// </summary>
internal static class TextCache
{
    // With 4,096 slots a site's paths and agents mostly stay; 4,096 × about 200 bytes are under 1 MB.
    private const int Slots = 4096;

    // Longer values seldom repeat (cookies, signed URLs).
    private const int MaxLength = 256;

    private static readonly Entry?[] Entries = new Entry?[Slots];

    /// <summary>The text of bytes that are ASCII or, field values being what they are, Latin-1.</summary>
    public static string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
        {
            return "";
        }

        if (bytes.Length > MaxLength)
        {
            return Encoding.Latin1.GetString(bytes);
        }

        HashCode hash = default;
        hash.AddBytes(bytes);
        ref Entry? slot = ref Entries[(uint)hash.ToHashCode() % Slots];
        Entry? entry = Volatile.Read(ref slot);
        if (entry is not null && entry.Bytes.AsSpan().SequenceEqual(bytes))
        {
            return entry.Text;
        }

        entry = new(bytes.ToArray(), Encoding.Latin1.GetString(bytes));
        Volatile.Write(ref slot, entry);
        return entry.Text;
    }

    private sealed record Entry(byte[] Bytes, string Text);
}
