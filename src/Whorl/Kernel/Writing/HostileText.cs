using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Whorl.Kernel.Writing;

/// <summary>
/// Writes what a peer sent as JSON text: bounded, and in ASCII alone, so that nothing in it can drive a terminal or hide from the eye.
/// Bytes that are no UTF-8 are read as Latin-1. A text that was cut ends in an ellipsis.
/// </summary>
internal static class HostileText
{
    /// <summary>Bytes of a name: host, protocol, software. DNS allows 253; what is longer is an attack.</summary>
    public const int MaxName = 512;

    /// <summary>Bytes of a line: path, query, user agent. Servers commonly refuse request lines above 8 KiB; a fourth of it tells the tool.</summary>
    public const int MaxLine = 2048;

    /// <summary>Bytes of a list: header names, algorithms, JA3 text, names in a certificate. Real ones stay under 2 KiB.</summary>
    public const int MaxList = 4096;

    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Where(value => value is not ('"' or '\\')).Select(value => (byte)value)]);

    /// <summary>A quoted text.</summary>
    public static void Write(ref Utf8JsonBuffer json, ReadOnlySpan<byte> text, int max)
    {
        json.Raw("\""u8);
        Continue(ref json, text, max);
        json.Raw("\""u8);
    }

    /// <summary>A quoted text that was read one character per byte.</summary>
    public static void Write(ref Utf8JsonBuffer json, ReadOnlySpan<char> latin1, int max)
    {
        json.Raw("\""u8);
        Continue(ref json, latin1, max);
        json.Raw("\""u8);
    }

    /// <summary>A text that was read one character per byte, without quotes.</summary>
    public static void Continue(ref Utf8JsonBuffer json, ReadOnlySpan<char> latin1, int max)
    {
        // One byte more than fits tells that something was cut.
        ReadOnlySpan<char> part = latin1[..Math.Min(latin1.Length, max + 1)];
        Span<byte> bytes = part.Length <= MaxName ? stackalloc byte[MaxName] : new byte[part.Length];
        Continue(ref json, bytes[..Encoding.Latin1.GetBytes(part, bytes)], max);
    }

    /// <summary>A text without quotes.</summary>
    public static void Continue(ref Utf8JsonBuffer json, ReadOnlySpan<byte> text, int max)
    {
        bool cut = text.Length > max;
        text = cut ? text[..max] : text;
        if (text.IndexOfAnyExcept(PlainBytes) < 0)
        {
            json.Raw(text);
        }
        else if (Utf8.IsValid(cut ? WithoutHalf(text) : text))
        {
            WriteUtf8(ref json, cut ? WithoutHalf(text) : text);
        }
        else
        {
            foreach (byte each in text)
            {
                WriteUnit(ref json, each);
            }
        }

        json.Raw(cut ? "\\u2026"u8 : ""u8);
    }

    // A cut may fall into a character; its beginning is left out.
    private static ReadOnlySpan<byte> WithoutHalf(ReadOnlySpan<byte> text)
    {
        for (int back = 1; back <= 3 && back <= text.Length; back++)
        {
            if (text[^back] >= 0xC0)
            {
                return Rune.DecodeFromUtf8(text[^back..], out _, out _) == OperationStatus.Done ? text : text[..^back];
            }
        }

        return text;
    }

    private static void WriteUtf8(ref Utf8JsonBuffer json, ReadOnlySpan<byte> text)
    {
        Span<char> units = stackalloc char[2];
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAnyExcept(PlainBytes);
            json.Raw(plain < 0 ? text : text[..plain]);
            if (plain < 0)
            {
                return;
            }

            text = text[plain..];
            _ = Rune.DecodeFromUtf8(text, out Rune rune, out int length);
            for (int i = 0, count = rune.EncodeToUtf16(units); i < count; i++)
            {
                WriteUnit(ref json, units[i]);
            }

            text = text[length..];
        }
    }

    private static void WriteUnit(ref Utf8JsonBuffer json, int unit)
    {
        if (unit is '"' or '\\')
        {
            json.Raw(unit == '"' ? "\\\""u8 : "\\\\"u8);
        }
        else if (unit is >= 0x20 and < 0x7F)
        {
            json.Take(1)[0] = (byte)unit;
        }
        else
        {
            Span<byte> escape = json.Take(6);
            "\\u"u8.CopyTo(escape);
            ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
            escape[2] = digits[unit >> 12];
            escape[3] = digits[(unit >> 8) & 15];
            escape[4] = digits[(unit >> 4) & 15];
            escape[5] = digits[unit & 15];
        }
    }
}
