using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Whorl.Sources.Edge.Wires;

/// <summary>Reads a wire when asked to, into one buffer of its own: no pipe between, and nothing read ahead of who reads.</summary>
internal sealed class WireInput(Wire wire) : PipeReader
{
    private const int FirstLength = 4096;

    // Readers with limits of their own come before; past this a reader that never consumes is cut off.
    private const int MaxLength = 1 << 20;

    // An emptied buffer above this is let go, so that one large head does not cost memory for the connection's whole life.
    private const int MaxKept = 64 * 1024;

    private byte[] _buffer = new byte[FirstLength];
    private int _start;
    private int _end;
    private bool _examined = true;
    private bool _ended;
    private bool _completed;
    private int _cancelled;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out ReadResult result))
        {
            return new(result);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return ReceiveNow() ? new(Result(cancelled: false)) : WaitAsync(cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_completed)
        {
            throw new InvalidOperationException("The connection's input was completed.");
        }

        bool cancelled = _cancelled != 0 && Interlocked.Exchange(ref _cancelled, 0) != 0;
        if (cancelled || _ended || (!_examined && _end > _start))
        {
            result = Result(cancelled);
            return true;
        }

        result = default;
        return false;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // A reader that was given nothing may hand back the ends of another empty sequence.
        _start = ReferenceEquals(consumed.GetObject(), _buffer) ? consumed.GetInteger() : _start;
        _examined = !ReferenceEquals(examined.GetObject(), _buffer) || examined.GetInteger() >= _end;
        if (_start == _end)
        {
            _start = _end = 0;
            _buffer = _buffer.Length > MaxKept ? new byte[FirstLength] : _buffer;
        }
    }

    public override void CancelPendingRead()
    {
        Volatile.Write(ref _cancelled, 1);
        wire.WakeReader();
    }

    public override void Complete(Exception? exception = null) => _completed = true;

    [System.Runtime.CompilerServices.AsyncMethodBuilder(typeof(System.Runtime.CompilerServices.PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(CancellationToken cancel)
    {
        using CancellationTokenRegistration woken = cancel.UnsafeRegister(static state => ((Wire)state!).WakeReader(), wire);
        do
        {
            await wire.ReadableAsync();
            cancel.ThrowIfCancellationRequested();
            if (Interlocked.Exchange(ref _cancelled, 0) != 0)
            {
                return Result(cancelled: true);
            }
        }
        while (!ReceiveNow());
        return Result(cancelled: false);
    }

    private bool ReceiveNow()
    {
        MakeRoom();
        try
        {
            if (!wire.TryReceive(_buffer.AsSpan(_end), out int count))
            {
                return false;
            }

            _end += count;
            _ended |= count == 0;
            _examined = false;
            return true;
        }
        catch (SocketException fault)
        {
            throw fault.SocketErrorCode == SocketError.OperationAborted
                ? new ConnectionAbortedException("The connection was aborted.", fault)
                : new ConnectionResetException(fault.Message, fault);
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        int held = _end - _start;
        if (held >= MaxLength)
        {
            throw new ConnectionAbortedException("The peer sent more than anybody wants to read.");
        }

        byte[] target = held > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, held).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, held);
    }

    private ReadResult Result(bool cancelled) => new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), cancelled, _ended);
}
