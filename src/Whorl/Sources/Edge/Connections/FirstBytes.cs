using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// Passes a connection's bytes on untouched and shows the first of them, each once and in order, to a watcher that never holds them up.
/// When the watcher has seen enough the calls go straight through.
/// </summary>
internal sealed class FirstBytes(PipeReader inner, int limit, Func<ReadOnlyMemory<byte>, bool> watch) : PipeReader
{
    // Null once the watcher is done or the limit is reached.
    private byte[]? _seen = ArrayPool<byte>.Shared.Rent(1024);
    private int _seenCount;
    private ReadOnlySequence<byte> _current;

    // How many bytes at the start of the reader's buffer were already copied to _seen.
    private long _known;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
        if (_seen is null)
        {
            return read;
        }

        return read.IsCompletedSuccessfully ? new(Watch(read.Result)) : WatchAsync(read);
    }

    public override bool TryRead([NotNullWhen(true)] out ReadResult result)
    {
        bool read = inner.TryRead(out result);
        if (read && _seen is not null)
        {
            Watch(result);
        }

        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_seen is not null)
        {
            _known = Math.Max(0, _known - _current.Slice(0, consumed).Length);
        }

        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        Stop();
        inner.Complete(exception);
    }

    private async ValueTask<ReadResult> WatchAsync(ValueTask<ReadResult> read) => Watch(await read);

    private ReadResult Watch(ReadResult result)
    {
        _current = result.Buffer;
        if (_seen is not { } seen || _current.Length <= _known)
        {
            return result;
        }

        ReadOnlySequence<byte> fresh = _current.Slice(_known);
        int take = (int)Math.Min(fresh.Length, limit - _seenCount);
        if (_seenCount + take > seen.Length)
        {
            seen = Grow(seen, _seenCount + take);
        }

        fresh.Slice(0, take).CopyTo(seen.AsSpan(_seenCount));
        _seenCount += take;
        _known = _current.Length;
        if (watch(seen.AsMemory(0, _seenCount)) || _seenCount >= limit)
        {
            Stop();
        }

        return result;
    }

    private byte[] Grow(byte[] seen, int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(seen.Length * 2, limit)));
        seen.AsSpan(0, _seenCount).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(seen);
        _seen = larger;
        return larger;
    }

    private void Stop()
    {
        if (_seen is { } seen)
        {
            _seen = null;
            _current = default;
            ArrayPool<byte>.Shared.Return(seen);
        }
    }
}
