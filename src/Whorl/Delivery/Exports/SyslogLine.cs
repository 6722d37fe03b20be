using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Delivery.Exports;

/// <summary>
/// Writes an observation as one syslog line (RFC 5424) whose structured data holds its attributes. Bounded; nothing from a peer can end
/// the line, the element or a value.
/// </summary>
internal sealed class SyslogLine(string id, int facility, int processId)
{
    /// <summary>Bytes of a line. Receivers must take 480 and should take 2,048 (§6.1); rsyslog and syslog-ng take 8,192 unless told otherwise.</summary>
    public const int MaxLength = 8192;

    /// <summary>Bytes of a value before escapes. A user agent or a list of algorithms fits.</summary>
    public const int MaxValue = 1024;

    // SD-NAME, §6.
    private const int MaxName = 32;

    // Room that is kept for the end of the line.
    private const int Tail = 512;

    private const int Informational = 6;

    private readonly byte[] _start = Encoding.ASCII.GetBytes($"<{(facility * 8) + Informational}>1 ");

    private readonly byte[] _element = Encoding.ASCII.GetBytes($" [{id}");

    private readonly byte[] _process = Encoding.ASCII.GetBytes($" whorl {processId} ");

    public void Write(IBufferWriter<byte> lines, Observation observation)
    {
        // An escape makes six bytes of one; what is over is given back by not advancing.
        Span<byte> room = lines.GetSpan(MaxLength + (8 * MaxValue));
        int length = 0;
        Raw(room, ref length, _start);
        Ascii(room, ref length, observation.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), MaxName);
        Raw(room, ref length, " "u8);
        Ascii(room, ref length, observation.Sensor, 255);
        Raw(room, ref length, _process);
        Ascii(room, ref length, observation.Kind, MaxName);
        Raw(room, ref length, _element);
        Value(room, ref length, "id", observation.Id.ToString());
        Value(room, ref length, "subject", observation.Subject.Text);
        bool cut = false;
        foreach (JsonProperty attribute in observation.Attributes.EnumerateObject())
        {
            if (!IsName(attribute.Name))
            {
                cut = true;
                continue;
            }

            int before = length;
            Value(room, ref length, attribute.Name, attribute.Value.ValueKind == JsonValueKind.String ? attribute.Value.GetString()! : attribute.Value.GetRawText());
            if (length > MaxLength - Tail)
            {
                (length, cut) = (before, true);
            }
        }

        if (cut)
        {
            Value(room, ref length, "truncated", "true");
        }

        Raw(room, ref length, "] "u8);
        Ascii(room, ref length, observation.Kind, MaxName);
        Raw(room, ref length, " "u8);
        Ascii(room, ref length, observation.Subject.Text, MaxName + 64);
        Raw(room, ref length, "\n"u8);
        lines.Advance(length);
    }

    private static bool IsName(string name) => name.Length is > 0 and <= MaxName && name.All(c => c is > ' ' and <= '~' and not ('=' or ']' or '"'));

    private static void Value(Span<byte> room, ref int length, string name, string value)
    {
        Raw(room, ref length, " "u8);
        length += Encoding.ASCII.GetBytes(name, room[length..]);
        Raw(room, ref length, "=\""u8);
        int bytes = 0;
        foreach (Rune rune in value.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxValue)
            {
                break;
            }

            if (rune.Value is '"' or '\\' or ']')
            {
                room[length++] = (byte)'\\';
            }

            if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029)
            {
                // A line end would end the message for most receivers; the backslash is itself escaped.
                Raw(room, ref length, "\\\\u"u8);
                Utf8Formatter.TryFormat(rune.Value, room[length..], out int digits, new('x', 4));
                length += digits;
            }
            else
            {
                length += rune.EncodeToUtf8(room[length..]);
            }
        }

        Raw(room, ref length, "\""u8);
    }

    // Header fields hold printable ASCII alone; a dash stands for nothing (NILVALUE).
    private static void Ascii(Span<byte> room, ref int length, string text, int max)
    {
        if (text.Length == 0)
        {
            Raw(room, ref length, "-"u8);
        }

        foreach (char c in text.AsSpan(0, Math.Min(text.Length, max)))
        {
            room[length++] = c is > ' ' and <= '~' ? (byte)c : (byte)'_';
        }
    }

    private static void Raw(Span<byte> room, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(room[length..]);
        length += bytes.Length;
    }
}
