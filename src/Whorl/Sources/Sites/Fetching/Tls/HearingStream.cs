using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Sites.Fetching.Tls;

/// <summary>A connection under TLS whose first bytes from the server are heard on their way: its hello goes in clear. Owned by the TLS stream over it.</summary>
internal sealed class HearingStream(Stream inner) : Stream
{
    private TlsStreamReader? _reader = new();

    /// <summary>What the server chose; null where it never said. A first hello that only asks for another of ours does not count.</summary>
    public ServerHello? Hello { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken);
        Hear(buffer.Span[..count]);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        if (_reader is null)
        {
            return;
        }

        ParseStatus status = _reader.Push(bytes);
        Hello = _reader.Messages.ServerHellos is [.., ServerHello last] ? last : null;
        if (status != ParseStatus.NeedMore || Hello is { IsHelloRetryRequest: false })
        {
            _reader = null;
        }
    }
}
