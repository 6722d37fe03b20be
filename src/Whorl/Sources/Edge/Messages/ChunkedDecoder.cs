namespace Whorl.Sources.Edge.Messages;

/// <summary>What a step through a chunked body found.</summary>
internal enum BodyStep
{
    /// <summary>A piece of the body.</summary>
    Data,

    /// <summary>All bytes are used up; the body goes on.</summary>
    NeedMore,

    /// <summary>The body ended cleanly.</summary>
    End,

    /// <summary>Not what RFC 9112 §7.1 allows, or beyond a limit.</summary>
    Malformed,
}

/// <summary>
/// Takes the chunked coding off a body (RFC 9112 §7.1), strictly: hexadecimal digits, an optional extension, CRLF. Extensions and trailers
/// are read within limits and dropped.
/// </summary>
internal struct ChunkedDecoder
{
    // 15 hexadecimal digits fit a 64-bit number; no sender needs more.
    private const int MaxSizeDigits = 15;

    // Extensions are next to unknown in practice; a flood of them would hide a body that never grows.
    private const int MaxExtensionLength = 256;

    private const int MaxTrailerLength = 8 * 1024;

    private enum State : byte
    {
        Size,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        TrailerStart,
        Trailer,
        TrailerLf,
        EndLf,
        Done,
    }

    private State _state;

    private int _count;

    private long _remaining;

    private int _trailerLength;

    /// <summary>
    /// Goes on in <paramref name="bytes"/>. <paramref name="used"/> bytes are done with; for <see cref="BodyStep.Data"/> the last
    /// <paramref name="data"/> of them are body.
    /// </summary>
    public BodyStep Next(ReadOnlySpan<byte> bytes, out int used, out int data)
    {
        data = 0;
        used = 0;
        if (_state == State.Done)
        {
            return BodyStep.End;
        }

        while (used < bytes.Length)
        {
            if (_state == State.Data)
            {
                data = (int)Math.Min(_remaining, bytes.Length - used);
                used += data;
                _remaining -= data;
                if (_remaining == 0)
                {
                    _state = State.DataCr;
                }

                return BodyStep.Data;
            }

            if (!Step(bytes[used++]))
            {
                return BodyStep.Malformed;
            }

            if (_state == State.Done)
            {
                return BodyStep.End;
            }
        }

        return BodyStep.NeedMore;
    }

    private bool Step(byte b)
    {
        switch (_state)
        {
            case State.Size:
                return Size(b);
            case State.Extension:
                if (b == '\r')
                {
                    _state = State.SizeLf;
                    return true;
                }

                return b is >= 32 and not 127 or (byte)'\t' && ++_count <= MaxExtensionLength;
            case State.SizeLf:
                _count = 0;
                _state = _remaining == 0 ? State.TrailerStart : State.Data;
                return b == '\n';
            case State.DataCr:
                _state = State.DataLf;
                return b == '\r';
            case State.DataLf:
                _state = State.Size;
                return b == '\n';
            case State.TrailerStart:
                _state = b == '\r' ? State.EndLf : State.Trailer;
                return b != '\n' && b is not ((byte)' ' or (byte)'\t');
            case State.Trailer:
                if (b == '\r')
                {
                    _state = State.TrailerLf;
                    return true;
                }

                return b is >= 32 and not 127 or (byte)'\t' && ++_trailerLength <= MaxTrailerLength;
            case State.TrailerLf:
                _state = State.TrailerStart;
                return b == '\n' && ++_trailerLength <= MaxTrailerLength;
            default:
                _state = State.Done;
                return b == '\n';
        }
    }

    private bool Size(byte b)
    {
        int digit = b switch
        {
            >= (byte)'0' and <= (byte)'9' => b - '0',
            >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
            _ => -1,
        };
        if (digit >= 0)
        {
            _remaining = (_remaining << 4) | (uint)digit;
            return ++_count <= MaxSizeDigits;
        }

        bool any = _count > 0;
        _count = 0;
        _state = b == '\r' ? State.SizeLf : State.Extension;
        return any && b is (byte)'\r' or (byte)';';
    }
}
