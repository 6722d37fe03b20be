using System.Text;
using System.Text.Unicode;

namespace Whorl.Fingerprints.Jarm;

/// <summary>
/// What a server answered to one of the <see cref="JarmProbes"/>, as text <c>cipher|version|alpn|extensions</c>.
/// The odd rules of the original program are kept: published hashes contain them.
/// </summary>
public static class JarmAnswer
{
    /// <summary>The text of a probe that got no answer, an alert, or anything but a ServerHello.</summary>
    public const string None = "|||";

    /// <summary>Bytes of an answer that are looked at: the original makes one read of this size.</summary>
    public const int MaxLength = 1484;

    private const byte Handshake = 22;
    private const int RecordHeader = 5;
    private const byte ServerHello = 2;
    private const int SessionIdAt = 43;

    /// <summary>The text for an answer; <see cref="None"/> where it is not a ServerHello.</summary>
    /// <param name="reply">The first bytes that the server sent.</param>
    public static string Text(ReadOnlySpan<byte> reply)
    {
        reply = reply[..Math.Min(reply.Length, MaxLength)];
        if (reply.Length <= SessionIdAt || reply[0] != Handshake || reply[5] != ServerHello)
        {
            return None;
        }

        int sessionId = reply[SessionIdAt];
        string? extensions = Extensions(reply, sessionId);
        return extensions is null
            ? None
            : $"{Convert.ToHexStringLower(Part(reply, sessionId + 44, 2))}|{Convert.ToHexStringLower(Part(reply, 9, 2))}|{extensions}";
    }

    /// <summary>
    /// Whether the bytes that came so far tell the answer: the first record is whole, or it is no handshake. The original reads once, and finds the same
    /// unless the network tears the record apart, which it would mistake for another answer.
    /// </summary>
    /// <param name="reply">The first bytes that the server sent; none are never enough.</param>
    public static bool IsEnough(ReadOnlySpan<byte> reply) =>
        reply.Length >= MaxLength || (reply.Length > 0 && reply[0] != Handshake) || (reply.Length >= RecordHeader && reply.Length >= RecordHeader + ((reply[3] << 8) | reply[4]));

    /// <summary>The last two of the four fields; null where the original fails altogether.</summary>
    private static string? Extensions(ReadOnlySpan<byte> reply, int sessionId)
    {
        int at = sessionId + 49;
        if (reply.Length <= sessionId + 47
            || reply[sessionId + 47] == 11 // no extensions: a Certificate message follows at once
            || Part(reply, sessionId + 50, 3).SequenceEqual((ReadOnlySpan<byte>)[0x0E, 0xAC, 0x0B])
            || Part(reply, 82, 3).SequenceEqual((ReadOnlySpan<byte>)[0x0F, 0xF0, 0x0B])
            || sessionId + 42 >= Number(reply, 3))
        {
            return "|";
        }

        int end = Number(reply, sessionId + 47) + at - 1;
        string? alpn = string.Empty;
        bool alpnSeen = false;
        StringBuilder types = new();

        for (bool first = true; at < end; first = false)
        {
            ReadOnlySpan<byte> type = Part(reply, at, 2);
            int length = Number(reply, at + 2);
            if (length < 0)
            {
                return null;
            }

            types.Append(first ? string.Empty : "-").Append(Convert.ToHexStringLower(type));
            if (!alpnSeen && type is [0x00, 0x10])
            {
                alpnSeen = true;
                alpn = Alpn(Part(reply, at + 4, length), length);
            }

            at += length + 4;
        }

        return alpn is null ? null : $"{alpn}|{types}";
    }

    /// <summary>The value from its fourth byte on as text; null where it has no length or is not UTF-8.</summary>
    private static string? Alpn(ReadOnlySpan<byte> value, int length)
    {
        ReadOnlySpan<byte> name = Part(value, 3, value.Length);
        return length == 0 || !Utf8.IsValid(name) ? null : Encoding.UTF8.GetString(name);
    }

    /// <summary>A number of two bytes; of one, where only one is left, and -1 where none is.</summary>
    private static int Number(ReadOnlySpan<byte> bytes, int at) => Part(bytes, at, 2) switch
    {
        [] => -1,
        [byte only] => only,
        [byte high, byte low, ..] => (high << 8) | low,
    };

    /// <summary>The bytes from a place on, as many as there are.</summary>
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bytes, int at, int count) =>
        at >= bytes.Length ? default : bytes.Slice(at, Math.Min(count, bytes.Length - at));
}
