using System.Buffers.Text;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>The favicon hash under which search engines such as Shodan index web sites.</summary>
public static class Favicon
{
    private const int LineLength = 76;
    private const int BytesPerLine = LineLength / 4 * 3;

    /// <summary>
    /// MurmurHash3 of the icon's base64 text with a line feed after every 76 characters and at the end
    /// (the form that Python's <c>encodebytes</c> writes). Some lists print it unsigned: cast to <see cref="uint"/>.
    /// </summary>
    /// <param name="icon">The icon as it was served; an empty one gives 0. At most <see cref="MaxLength"/> bytes are looked at.</param>
    public static int Hash(ReadOnlySpan<byte> icon)
    {
        icon = icon[..Math.Min(icon.Length, MaxLength)];
        int lines = (icon.Length + BytesPerLine - 1) / BytesPerLine;
        byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(icon.Length) + lines];
        Span<byte> rest = text;
        while (!icon.IsEmpty)
        {
            int count = Math.Min(BytesPerLine, icon.Length);
            _ = Base64.EncodeToUtf8(icon[..count], rest, out _, out int written);
            rest[written] = (byte)'\n';
            rest = rest[(written + 1)..];
            icon = icon[count..];
        }

        return (int)Murmur3.Hash32(text);
    }

    /// <summary>Longer icons are cut to this many bytes: thirty times the largest icon in common use, and the text stays under 1.5 GB.</summary>
    public const int MaxLength = 1 << 30;
}
