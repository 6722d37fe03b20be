using System.Buffers.Text;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// The streaming form of <see cref="Favicon"/>: feed an icon in pieces of any size, then read its hash.
/// Memory is fixed whatever the length. One instance serves one thread at a time.
/// </summary>
public sealed class FaviconHasher
{
    private const int LineLength = 76;
    private const int BytesPerLine = LineLength / 4 * 3;

    // Four lines with their line feeds are a whole number of MurmurHash3's four-byte blocks.
    private const int LinesAtOnce = 4;
    private const int Group = BytesPerLine * LinesAtOnce;
    private const int GroupText = (LineLength + 1) * LinesAtOnce;

    private readonly byte[] _open = new byte[Group];
    private int _openLength;
    private uint _hash;
    private uint _length;

    /// <summary>Adds the next bytes of the icon.</summary>
    /// <param name="icon">The bytes; any number of them.</param>
    public void Append(ReadOnlySpan<byte> icon)
    {
        if (_openLength > 0)
        {
            int count = Math.Min(Group - _openLength, icon.Length);
            icon[..count].CopyTo(_open.AsSpan(_openLength));
            icon = icon[count..];
            _openLength += count;
            if (_openLength < Group)
            {
                return;
            }

            Take(_open);
        }

        for (; icon.Length >= Group; icon = icon[Group..])
        {
            Take(icon[..Group]);
        }

        icon.CopyTo(_open);
        _openLength = icon.Length;
    }

    /// <summary>The hash of what was appended so far; more may be appended afterwards. Cast to <see cref="uint"/> for lists that print it unsigned.</summary>
    public int Hash()
    {
        Span<byte> text = stackalloc byte[GroupText];
        int count = Encode(_open.AsSpan(0, _openLength), text);
        return (int)Murmur3.Finish(_hash, text[..count], unchecked(_length + (uint)count));
    }

    private void Take(ReadOnlySpan<byte> group)
    {
        Span<byte> text = stackalloc byte[GroupText];
        _ = Encode(group, text);
        _hash = Murmur3.Mix(_hash, text);
        _length = unchecked(_length + GroupText);
    }

    /// <summary>Writes up to four lines; the number of characters written.</summary>
    private static int Encode(ReadOnlySpan<byte> icon, Span<byte> text)
    {
        int at = 0;
        for (; !icon.IsEmpty; icon = icon[Math.Min(BytesPerLine, icon.Length)..])
        {
            _ = Base64.EncodeToUtf8(icon[..Math.Min(BytesPerLine, icon.Length)], text[at..], out _, out int written);
            at += written;
            text[at++] = (byte)'\n';
        }

        return at;
    }
}
