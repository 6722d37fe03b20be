using Whorl.Fingerprints.Wire;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Wires;

namespace Whorl.Sources.Edge.Forwarding;

/// <summary>
/// One HTTP/1.1 connection to an upstream, carrying one exchange at a time. One that the upstream closed while it was idle is known as such before it
/// is used again.
/// </summary>
internal sealed class UpstreamConnection : IDisposable
{
    // Holds the largest head we take and one read of a body; larger bodies pass through in pieces of this size.
    private const int BufferLength = 32 * 1024;

    // Answers with more than this in their head are refused; browsers give up at about 256 KiB, most servers send under 8.
    public const int MaxHeadLength = 32 * 1024;

    public const int MaxHeaders = 200;

    // More than a handful of interim answers is a loop.
    private const int MaxInterim = 16;

    private readonly Wire _wire;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferLength, pinned: true);

    private int _start;

    private int _end;

    private BodyFraming _framing;

    private ChunkedDecoder _chunks;

    private long _remaining;

    private int _dead;

    private int _interim;

    private int _headStart;

    public UpstreamConnection(Wire wire, Deadlines deadlines)
    {
        _wire = wire;
        Deadline = deadlines.Add(Kill);
        Request = new byte[4096];
    }

    public Deadline Deadline { get; }

    public ResponseHead Head { get; } = new();

    /// <summary>The block of fields that <see cref="Head"/> points into, until the next receive.</summary>
    public ReadOnlySpan<byte> HeadBlock => _buffer.AsSpan(_headStart + Head.HeadersStart, Head.Headers.Length);

    /// <summary>Buffer for the request's head; grows to what a request needs and is kept.</summary>
    public byte[] Request { get; set; }

    /// <summary>True once it carried an exchange: a failure before the first byte of an answer may then be mere staleness.</summary>
    public bool Used { get; private set; }

    /// <summary>True where a byte of the current answer arrived.</summary>
    public bool Answered { get; private set; }

    /// <summary>True where the body ended as its framing says, and nothing came after it.</summary>
    public bool EndedCleanly { get; private set; }

    public bool IsDead => Volatile.Read(ref _dead) != 0;

    /// <summary>Bytes of the body that are here already.</summary>
    public int Buffered => _end - _start;

    public BodyFraming Framing => _framing;

    /// <summary>True where the upstream closed or spoke out of turn while the connection was idle.</summary>
    public bool IsStale => IsDead || _wire.HasNews;

    /// <summary>Ends the connection from any thread; whoever waits on it sees a failure.</summary>
    public void Kill()
    {
        if (Interlocked.Exchange(ref _dead, 1) == 0)
        {
            _wire.Dispose();
        }
    }

    public void Dispose()
    {
        Kill();
        Deadline.Dispose();
    }

    public void BeginExchange()
    {
        Answered = false;
        EndedCleanly = false;
        _interim = 0;
        Head.Reset();
    }

    /// <summary>Makes ready for the next exchange; call only after <see cref="EndedCleanly"/>.</summary>
    public void BeginIdle()
    {
        Used = true;
        _start = _end = 0;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _wire.SendAsync(bytes);

    /// <summary>Looks for a final answer's head in what was received; interim answers are for this hop alone and passed over.</summary>
    public ParseStatus ReadHead(bool answersHead)
    {
        while (_end > _start)
        {
            ParseStatus status = Head.Read(_buffer.AsSpan(_start, _end - _start), MaxHeadLength, MaxHeaders);
            if (status != ParseStatus.Done)
            {
                return status;
            }

            _headStart = _start;
            _start += Head.Length;
            if (Head.Status >= 200)
            {
                BeginBody(answersHead);
                return ParseStatus.Done;
            }

            // 101 was not asked for on this path (RFC 9110 §7.8).
            if (Head.Status == 101 || ++_interim > MaxInterim)
            {
                return ParseStatus.Malformed;
            }

            Head.Reset();
        }

        return ParseStatus.NeedMore;
    }

    /// <summary>The next piece of the body that is here already.</summary>
    public BodyStep NextBody(out ReadOnlySpan<byte> piece)
    {
        ReadOnlySpan<byte> here = _buffer.AsSpan(_start, _end - _start);
        piece = default;
        switch (_framing)
        {
            case BodyFraming.UntilClose:
                piece = here;
                _start = _end;
                return piece.Length > 0 ? BodyStep.Data : BodyStep.NeedMore;
            case BodyFraming.Chunked:
                BodyStep step = _chunks.Next(here, out int used, out int data);
                piece = here.Slice(used - data, data);
                _start += used;
                return step == BodyStep.End ? End() : step;
            case BodyFraming.Length when _remaining > 0:
                piece = here[..(int)Math.Min(here.Length, _remaining)];
                _remaining -= piece.Length;
                _start += piece.Length;
                return piece.Length > 0 ? BodyStep.Data : BodyStep.NeedMore;
            default:
                return End();
        }
    }

    /// <summary>Receives more; give the count to <see cref="Received"/>. 0 when the upstream closed; a killed connection throws.</summary>
    public ValueTask<int> ReceiveAsync()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        // A head that fills the buffer was refused before; a body is always taken out before more is received.
        return _wire.ReceiveAsync(_buffer.AsMemory(_end));
    }

    public void Received(int count)
    {
        _end += count;
        Answered |= count > 0;
    }

    /// <summary>The upstream closed: true where that is how this body ends.</summary>
    public bool EndsWithClose => _framing == BodyFraming.UntilClose;

    private void BeginBody(bool answersHead)
    {
        _framing = Head.Framing(answersHead);
        _remaining = Head.Headers.ContentLength;
        _chunks = default;
    }

    private BodyStep End()
    {
        EndedCleanly = _start == _end && Head.Persists(_framing);
        return BodyStep.End;
    }
}
