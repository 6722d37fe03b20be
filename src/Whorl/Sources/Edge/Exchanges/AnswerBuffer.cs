using System.IO.Pipelines;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>Gathers an answer in room taken from a connection's output, so that head and body go out in one write.</summary>
internal sealed class AnswerBuffer(PipeWriter output)
{
    private Memory<byte> _room;

    private int _used;

    public void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0)
        {
            Room(bytes.Length);
            bytes.CopyTo(_room.Span[_used..]);
            _used += bytes.Length;
        }
    }

    public void PutField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int length = name.Length + value.Length + 4;
        Room(length);
        Span<byte> to = _room.Span.Slice(_used, length);
        name.CopyTo(to);
        ": "u8.CopyTo(to[name.Length..]);
        value.CopyTo(to[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(to[(name.Length + 2 + value.Length)..]);
        _used += length;
    }

    /// <summary>Makes sure so many bytes fit together.</summary>
    public void Room(int length)
    {
        if (_room.Length - _used < length)
        {
            Commit();
            _room = output.GetMemory(length);
        }
    }

    public ValueTask<FlushResult> FlushAsync()
    {
        Commit();
        return output.FlushAsync();
    }

    private void Commit()
    {
        if (_used > 0)
        {
            output.Advance(_used);
            _used = 0;
        }

        _room = default;
    }
}
