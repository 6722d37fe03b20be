using System.Net.Sockets;

namespace Whorl.Sources.Probes.Asking;

/// <summary>A connection of a probe: every wait ends with the ask's deadline, and bytes are counted.</summary>
internal sealed class ProbeConnection(Socket socket, ProbeBudget budget) : IDisposable
{
    public Socket Socket => socket;

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, budget.Deadline)..];
        }
    }

    /// <summary>Reads what is there; 0 where the peer has closed, or has sent more than it may.</summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> into)
    {
        int count = await socket.ReceiveAsync(into, SocketFlags.None, budget.Deadline);
        return budget.Take(count) ? count : 0;
    }

    /// <summary>The connection as a stream with the same bounds, for TLS.</summary>
    public Stream AsStream() => new BoundedStream(this);

    public void Dispose() => socket.Dispose();

    private sealed class BoundedStream(ProbeConnection connection) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => connection.ReceiveAsync(buffer);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => connection.SendAsync(buffer);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => connection.ReceiveAsync(buffer.AsMemory(offset, count)).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => connection.SendAsync(buffer.AsMemory(offset, count)).AsTask();

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
