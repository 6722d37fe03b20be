using System.Buffers.Text;
using System.Text;

namespace Whorl.Sources.Edge.Messages;

/// <summary>Writes an HTTP/1 head into one growing buffer. Text that would break a line is written without what breaks it.</summary>
internal struct HeadWriter(byte[] buffer)
{
    private byte[] _buffer = buffer;

    private int _length;

    public readonly byte[] Buffer => _buffer;

    public readonly int Length => _length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    public void WriteField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int length = name.Length + value.Length + 4;
        Room(length);
        Span<byte> to = _buffer.AsSpan(_length, length);
        name.CopyTo(to);
        ": "u8.CopyTo(to[name.Length..]);
        value.CopyTo(to[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(to[(name.Length + 2 + value.Length)..]);
        _length += length;
    }

    public void WriteField(string name, string value)
    {
        WriteText(name);
        Write(": "u8);
        WriteText(value);
        Write("\r\n"u8);
    }

    /// <summary>Latin-1, as Kestrel and we read field values; CR, LF and NUL never pass (a value that has them came through a parser's gap).</summary>
    public void WriteText(string text)
    {
        Room(text.Length);
        Span<byte> to = _buffer.AsSpan(_length, text.Length);
        Encoding.Latin1.GetBytes(text, to);
        if (to.IndexOfAny((byte)'\r', (byte)'\n', (byte)0) >= 0)
        {
            foreach (ref byte b in to)
            {
                b = b is (byte)'\r' or (byte)'\n' or 0 ? (byte)'?' : b;
            }
        }

        _length += text.Length;
    }

    public void WriteNumber(long number)
    {
        Room(20);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out int written);
        _length += written;
    }

    private void Room(int length)
    {
        if (_length + length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        }
    }
}
