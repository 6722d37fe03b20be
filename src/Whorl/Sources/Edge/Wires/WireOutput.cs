using System.IO.Pipelines;
using System.Net.Sockets;

namespace Whorl.Sources.Edge.Wires;

/// <summary>
/// Gathers what is written in one buffer of its own and sends it on a flush, as far as there is room at once within the flush. A peer that takes
/// nothing for too long is cut off, whoever writes: it would keep the connection, and what waits in it, for ever.
/// </summary>
/// <param name="patience">How long a peer may take nothing of what waits for it.</param>
/// <param name="cut">Ends the connection.</param>
internal sealed class WireOutput(Wire wire, Deadlines deadlines, TimeSpan patience, Action cut) : PipeWriter, IDisposable
{
    private const int FirstLength = 4096;

    // An emptied buffer above this is let go.
    private const int MaxKept = 64 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _broken;
    private bool _completed;
    private int _cancelled;

    // Made when a peer is slow for the first time; most never are.
    private Deadline? _stalled;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _end - _start;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _end);
        _end += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_end);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_end);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        SendNow() ? new(Result(cancelled: false)) : WaitAsync(cancellationToken);

    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (source.Length <= FirstLength || _end > _start)
        {
            source.Span.CopyTo(GetSpan(source.Length));
            _end += source.Length;
            return await FlushAsync(cancellationToken);
        }

        // Large pieces go out as they are; what does not fit at once is kept.
        int sent = Send(source.Span);
        if (sent < source.Length && !_broken)
        {
            source[sent..].Span.CopyTo(GetSpan(source.Length - sent));
            _end += source.Length - sent;
            return await FlushAsync(cancellationToken);
        }

        return Result(cancelled: false);
    }

    public override void CancelPendingFlush()
    {
        Volatile.Write(ref _cancelled, 1);
        wire.WakeWriter();
    }

    /// <summary>What was written and not flushed goes out as far as there is room.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (!_completed)
        {
            _completed = true;
            if (exception is null)
            {
                SendNow();
            }
        }
    }

    private async ValueTask<FlushResult> WaitAsync(CancellationToken cancel)
    {
        using CancellationTokenRegistration woken = cancel.UnsafeRegister(static state => ((Wire)state!).WakeWriter(), wire);
        _stalled ??= deadlines.Add(cut);
        do
        {
            _stalled.Set(patience);
            await wire.WritableAsync();
            _stalled.Clear();
            cancel.ThrowIfCancellationRequested();
            if (Interlocked.Exchange(ref _cancelled, 0) != 0)
            {
                return Result(cancelled: true);
            }
        }
        while (!SendNow());
        return Result(cancelled: false);
    }

    public void Dispose() => _stalled?.Dispose();

    /// <summary>True where nothing is left to send.</summary>
    private bool SendNow()
    {
        if (_end > _start)
        {
            _start += Send(_buffer.AsSpan(_start, _end - _start));
            if (_start < _end && !_broken)
            {
                return false;
            }

            _start = _end = 0;
            _buffer = _buffer.Length > MaxKept ? [] : _buffer;
        }

        return true;
    }

    private int Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            wire.TrySend(bytes, out int count);
            return count;
        }
        catch (SocketException)
        {
            // As with a pipe: whoever writes is told by the result that nobody reads any more.
            _broken = true;
            return 0;
        }
    }

    private void MakeRoom(int length)
    {
        if (_completed)
        {
            throw new InvalidOperationException("The connection's output was completed.");
        }

        if (_buffer.Length - _end < Math.Max(length, 1))
        {
            int held = _end - _start;
            int needed = Math.Max(FirstLength, held + Math.Max(length, FirstLength));
            byte[] target = needed <= _buffer.Length ? _buffer : new byte[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed)];
            _buffer.AsSpan(_start, held).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, held);
        }
    }

    private FlushResult Result(bool cancelled) => new(cancelled, _broken || _completed);
}
