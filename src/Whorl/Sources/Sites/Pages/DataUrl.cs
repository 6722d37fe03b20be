using System.Buffers.Text;

namespace Whorl.Sources.Sites.Pages;

/// <summary>Bytes that stand in a URL (RFC 2397).</summary>
internal static class DataUrl
{
    /// <summary>The bytes of a <c>data:</c> URL; null where it is none, or longer than allowed.</summary>
    public static byte[]? Read(string url, int maxBytes)
    {
        int comma = url.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? url.IndexOf(',', StringComparison.Ordinal) : -1;
        if (comma < 0 || url.Length - comma > (maxBytes * 3L) + 4)
        {
            return null;
        }

        byte[] bytes = Unescape(url.AsSpan(comma + 1));
        if (url.AsSpan(0, comma).EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
        {
            bytes = FromBase64(bytes);
        }

        return bytes.Length <= maxBytes ? bytes : null;
    }

    private static byte[] Unescape(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[text.Length];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool escaped = text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]);
            bytes[count++] = escaped ? (byte)((Nibble(text[i + 1]) << 4) | Nibble(text[i + 2])) : (byte)Math.Min(text[i], '\xFF');
            i += escaped ? 2 : 0;
        }

        return bytes[..count];
    }

    private static int Nibble(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    // As browsers do: white space and missing padding are no fault, anything else is.
    private static byte[] FromBase64(byte[] text)
    {
        byte[] clean = [.. text.Where(b => b is not ((byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f' or (byte)'='))];
        byte[] padded = [.. clean, .. "==="u8[..((4 - (clean.Length % 4)) % 4)]];
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        return clean.Length % 4 != 1 && Base64.DecodeFromUtf8(padded, bytes, out _, out int written) == System.Buffers.OperationStatus.Done ? bytes[..written] : [];
    }
}
