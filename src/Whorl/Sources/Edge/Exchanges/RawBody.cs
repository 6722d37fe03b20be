using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using Whorl.Sources.Edge.Forwarding;
using Whorl.Sources.Edge.Messages;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>The body of a request that our own reader took off the wire: carried to an upstream, or read away. Chunks are taken apart and made anew.</summary>
internal sealed class RawBody(PipeReader input, EdgeLimits limits, Deadline deadline)
{
    // An unread body up to this length is read and dropped to keep the connection; a longer one costs more than a new connection.
    private const long MaxDrain = 64 * 1024;

    private bool _chunked;

    private ChunkedDecoder _chunks;

    private long _left;

    private bool _done;

    private volatile bool _unwanted;

    private byte[] _piece = [];

    /// <param name="length">Content-Length, or -1.</param>
    public void Begin(bool chunked, long length)
    {
        _chunked = chunked;
        _chunks = default;
        _unwanted = false;
        _left = chunked ? limits.BodyBytes : Math.Max(0, length);
        _done = !chunked && length <= 0;
    }

    public void Cancel()
    {
        _unwanted = true;
        input.CancelPendingRead();
    }

    /// <summary>Carries what comes next to the upstream. Throws where the upstream fails.</summary>
    public async ValueTask<BodyRead> PumpAsync(UpstreamConnection to)
    {
        deadline.Set(limits.IdleTime);
        ReadResult read = await input.ReadAsync();
        deadline.Clear();
        if (_unwanted)
        {
            input.AdvanceTo(read.Buffer.Start);
            return BodyRead.Failed;
        }

        long used = 0;
        bool sound = true;
        try
        {
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                ReadOnlyMemory<byte> rest = segment;
                while (rest.Length > 0 && sound && !_done)
                {
                    sound = Next(rest.Span, out int taken, out int data);
                    ReadOnlyMemory<byte> piece = rest.Slice(taken - data, data);
                    rest = rest[taken..];
                    used += taken;
                    if (data > 0 && sound)
                    {
                        await to.SendAsync(Framed(piece));
                    }
                }
            }
        }
        finally
        {
            // Also where the upstream broke off: the reader must be ready for whoever reads the rest away.
            input.AdvanceTo(read.Buffer.GetPosition(used));
        }

        if (_done && _chunked)
        {
            await to.SendAsync("0\r\n\r\n"u8.ToArray());
        }

        return _done ? BodyRead.Last : !sound || read.IsCompleted ? BodyRead.Failed : BodyRead.Piece;
    }

    /// <summary>Reads away what is left where that is little; false where the connection cannot go on.</summary>
    public async ValueTask<bool> DrainAsync()
    {
        long drained = 0;
        while (!_done)
        {
            if (_left > MaxDrain && !_chunked)
            {
                return false;
            }

            deadline.Set(limits.IdleTime);
            ReadResult read = await input.ReadAsync();
            deadline.Clear();
            long used = 0;
            bool sound = true;
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                ReadOnlyMemory<byte> rest = segment;
                while (rest.Length > 0 && sound && !_done)
                {
                    sound = Next(rest.Span, out int taken, out _);
                    rest = rest[taken..];
                    used += taken;
                }
            }

            input.AdvanceTo(read.Buffer.GetPosition(used));
            drained += used;
            if (!_done && (!sound || read.IsCompleted || read.IsCanceled || drained > MaxDrain))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Goes one step on; false where the framing is broken or the body too long.</summary>
    private bool Next(ReadOnlySpan<byte> bytes, out int used, out int data)
    {
        if (_chunked)
        {
            BodyStep step = _chunks.Next(bytes, out used, out data);
            _left -= data;
            _done = step == BodyStep.End;
            return step != BodyStep.Malformed && _left >= 0;
        }

        used = data = (int)Math.Min(bytes.Length, _left);
        _left -= used;
        _done = _left == 0;
        return true;
    }

    private ReadOnlyMemory<byte> Framed(ReadOnlyMemory<byte> data)
    {
        if (!_chunked)
        {
            return data;
        }

        if (_piece.Length < data.Length + 16)
        {
            _piece = new byte[data.Length + 16];
        }

        Utf8Formatter.TryFormat(data.Length, _piece, out int at, new StandardFormat('x'));
        "\r\n"u8.CopyTo(_piece.AsSpan(at));
        data.Span.CopyTo(_piece.AsSpan(at + 2));
        "\r\n"u8.CopyTo(_piece.AsSpan(at + 2 + data.Length));
        return _piece.AsMemory(0, at + 4 + data.Length);
    }
}
