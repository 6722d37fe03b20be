using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Whorl.Kernel;

/// <summary>JSON written by hand into one growing buffer: the caller writes names and punctuation as literals, this escapes values.</summary>
internal struct Utf8JsonBuffer(int capacity)
{
    // What a JSON string may not hold as it is (RFC 8259 §7).
    private static readonly SearchValues<char> Unsafe = SearchValues.Create([.. Enumerable.Range(0, 32).Select(value => (char)value), '"', '\\']);

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(capacity);

    private int _length;

    public readonly int Length => _length;

    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public readonly ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    public readonly byte[] ToArray() => Written.ToArray();

    /// <summary>Forgets what was written; the room stays.</summary>
    public void Clear() => _length = 0;

    /// <summary>Forgets what was written after a place.</summary>
    public void CutTo(int length) => _length = Math.Min(length, _length);

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Number(long number)
    {
        Room(20);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out int written);
        _length += written;
    }

    /// <summary>A number with up to six digits after the point; zero where it is none that JSON knows.</summary>
    public void Number(double number)
    {
        Room(40);
        Utf8Formatter.TryFormat((decimal)(double.IsFinite(number) && Math.Abs(number) < 1e18 ? Math.Round(number, 6) : 0), _buffer.AsSpan(_length), out int written);
        _length += written;
    }

    /// <summary>A quoted, escaped string. Lone surrogates become U+FFFD.</summary>
    public void Text(ReadOnlySpan<char> text)
    {
        Room((text.Length * 3) + 2);
        _buffer[_length++] = (byte)'"';
        int at;
        while ((at = text.IndexOfAny(Unsafe)) >= 0)
        {
            _length += Encoding.UTF8.GetBytes(text[..at], _buffer.AsSpan(_length));
            Room(((text.Length - at) * 3) + 8);
            Escape(text[at]);
            text = text[(at + 1)..];
        }

        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
        Room(1);
        _buffer[_length++] = (byte)'"';
    }

    /// <summary>A quoted string of letters, digits and marks that need no escape.</summary>
    public void Plain(ReadOnlySpan<byte> text)
    {
        Room(text.Length + 2);
        _buffer[_length++] = (byte)'"';
        text.CopyTo(_buffer.AsSpan(_length));
        _length += text.Length;
        _buffer[_length++] = (byte)'"';
    }

    public Span<byte> Take(int length)
    {
        Room(length);
        Span<byte> taken = _buffer.AsSpan(_length, length);
        _length += length;
        return taken;
    }

    private void Escape(char c)
    {
        if (c is '"' or '\\')
        {
            _buffer[_length++] = (byte)'\\';
            _buffer[_length++] = (byte)c;
            return;
        }

        "\\u00"u8.CopyTo(_buffer.AsSpan(_length));
        _buffer[_length + 4] = (byte)"0123456789abcdef"[c >> 4];
        _buffer[_length + 5] = (byte)"0123456789abcdef"[c & 15];
        _length += 6;
    }

    private void Room(int length)
    {
        if (_length + length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        }
    }
}
