using System.Buffers.Text;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>The favicon hash under which search engines such as Shodan index web sites.</summary>
public static class Favicon
{
    private const int LineLength = 76;
    private const int BytesPerLine = LineLength / 4 * 3;

    // Four lines with their line feeds are a whole number of MurmurHash3's four-byte blocks.
    private const int LinesAtOnce = 4;

    /// <summary>
    /// MurmurHash3 of the icon's base64 text with a line feed after every 76 characters and at the end
    /// (the form that Python's <c>encodebytes</c> writes). Some lists print it unsigned: cast to <see cref="uint"/>.
    /// </summary>
    /// <param name="icon">The icon as it was served; an empty one gives 0.</param>
    public static int Hash(ReadOnlySpan<byte> icon)
    {
        Span<byte> text = stackalloc byte[LinesAtOnce * (LineLength + 1)];
        uint hash = 0;
        uint length = 0;
        int count;
        while ((count = Encode(ref icon, text)) == text.Length)
        {
            hash = Murmur3.Mix(hash, text);
            length += (uint)count;
        }

        return (int)Murmur3.Finish(hash, text[..count], length + (uint)count);
    }

    /// <summary>Writes up to four lines; the number of characters written.</summary>
    private static int Encode(ref ReadOnlySpan<byte> icon, scoped Span<byte> text)
    {
        int at = 0;
        for (int line = 0; line < LinesAtOnce && !icon.IsEmpty; line++)
        {
            int count = Math.Min(BytesPerLine, icon.Length);
            _ = Base64.EncodeToUtf8(icon[..count], text[at..], out _, out int written);
            at += written;
            text[at++] = (byte)'\n';
            icon = icon[count..];
        }

        return at;
    }
}
