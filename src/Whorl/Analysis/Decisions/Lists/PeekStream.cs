using System.Text;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>A stream whose beginning can be looked at before it is read.</summary>
internal sealed class PeekStream(Stream inner, int most) : Stream
{
    private readonly byte[] _start = new byte[most];
    private int _length;
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The first bytes as text; called before the first read.</summary>
    public async ValueTask<string> PeekAsync(CancellationToken cancel)
    {
        _length = await inner.ReadAtLeastAsync(_start, _start.Length, throwOnEndOfStream: false, cancel);
        return Encoding.UTF8.GetString(_start, 0, _length);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _length)
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }

        int count = Math.Min(buffer.Length, _length - _at);
        _start.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Lists are read without blocking.");

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
