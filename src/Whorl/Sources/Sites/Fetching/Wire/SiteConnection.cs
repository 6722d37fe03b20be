using System.Buffers;
using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Wire;

/// <summary>A connection to a site that carries one HTTP/1 exchange after the other. Used by one exchange at a time.</summary>
internal sealed class SiteConnection(Stream stream, PeerAddress address, TlsFacts? tls, TimingFacts timing) : IDisposable
{
    // Interim answers before the real one (RFC 9110 §15.2); a server has use for one or two.
    private const int MaxInterim = 8;

    // Of a chunk's line: a number and perhaps an extension that nobody uses.
    private const int MaxChunkLine = 1024;

    // Of all trailers.
    private const int MaxTrailers = 8 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _start;
    private int _end;
    private BodyFraming _framing;
    private long _left;
    private bool _chunkOpen;
    private bool _keep;
    private bool _disposed;

    public PeerAddress Address => address;

    public TlsFacts? Tls => tls;

    /// <summary>What opening it took.</summary>
    public TimingFacts Timing => timing;

    /// <summary>Whether it has carried an exchange before; one that then ends without a word was simply given up by the server.</summary>
    public bool Used { get; private set; }

    /// <summary>Whether the body was read to its end.</summary>
    public bool IsBodyRead => _framing == BodyFraming.None;

    /// <summary>Whether the last exchange was read to its end and nothing came after it, so that another may follow.</summary>
    public bool IsReusable => !_disposed && _keep && _framing == BodyFraming.None && _start == _end;

    /// <summary>Sends a request and reads the head of its answer.</summary>
    public async Task<ResponseHead> AskAsync(string request, CancellationToken cancel)
    {
        Used = Used || _keep;
        byte[] bytes = Encoding.ASCII.GetBytes(request);
        await stream.WriteAsync(bytes, cancel);
        for (int i = 0; i <= MaxInterim; i++)
        {
            ResponseHead head = await ReadHeadAsync(cancel);
            if (head.Status >= 200)
            {
                (_framing, _left, _keep, _chunkOpen) = (head.Framing, head.Length, head.KeepAlive, false);
                _framing = _framing == BodyFraming.Length && _left == 0 ? BodyFraming.None : _framing;
                return head;
            }

            if (head.Status == 101)
            {
                break;
            }
        }

        throw new FetchException(ScanReasons.Malformed, "interim answers, and no real one");
    }

    /// <summary>Reads of the body, without its framing; 0 at its end.</summary>
    public async ValueTask<int> ReadBodyAsync(Memory<byte> into, CancellationToken cancel)
    {
        switch (_framing)
        {
            case BodyFraming.Length:
                int count = await ReadAsync(into[..(int)Math.Min(into.Length, _left)], cancel);
                if (count == 0)
                {
                    throw new FetchException(ScanReasons.Reset, "the connection ended before the body did");
                }

                _left -= count;
                _framing = _left == 0 ? BodyFraming.None : _framing;
                return count;
            case BodyFraming.UntilClose:
                count = await ReadAsync(into, cancel);
                (_framing, _keep) = count == 0 ? (BodyFraming.None, false) : (_framing, _keep);
                return count;
            case BodyFraming.Chunked:
                return await ReadChunkAsync(into, cancel);
            default:
                return 0;
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            stream.Dispose();
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    private async Task<ResponseHead> ReadHeadAsync(CancellationToken cancel)
    {
        int scanned = 0;
        while (true)
        {
            ParseStatus status = ResponseHead.TryRead(_buffer.AsSpan(_start, _end - _start), ref scanned, out ResponseHead? head, out int consumed);
            if (status == ParseStatus.Done)
            {
                _start += consumed;
                return head!;
            }

            if (status == ParseStatus.Malformed)
            {
                throw _end - _start >= ResponseHead.MaxLength
                    ? new FetchException(ScanReasons.TooLarge, $"a head of more than {ResponseHead.MaxLength / 1024} KiB")
                    : new FetchException(ScanReasons.Malformed, "the answer is no HTTP");
            }

            bool any = _end > _start;
            MakeRoom();
            int count = await stream.ReadAsync(_buffer.AsMemory(_end, Math.Min(_buffer.Length, _start + ResponseHead.MaxLength) - _end), cancel);
            if (count == 0)
            {
                throw new FetchException(ScanReasons.Reset, any ? "the connection ended within the head of the answer" : "the connection ended without an answer");
            }

            _end += count;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    // First what came with the head.
    private async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancel)
    {
        if (_end == _start)
        {
            return await stream.ReadAsync(into, cancel);
        }

        int count = Math.Min(into.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(into.Span);
        _start += count;
        return count;
    }

    private async ValueTask<int> ReadChunkAsync(Memory<byte> into, CancellationToken cancel)
    {
        if (_left == 0)
        {
            if (_chunkOpen && (await ReadLineAsync(cancel)).Length > 0)
            {
                throw new FetchException(ScanReasons.Malformed, "a chunk is longer than it says");
            }

            string line = await ReadLineAsync(cancel);
            ReadOnlySpan<char> size = line.AsSpan(0, line.IndexOf(';') is >= 0 and int at ? at : line.Length).Trim();
            if (size.Length is 0 or > 15 || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
            {
                throw new FetchException(ScanReasons.Malformed, "a chunk without a length");
            }

            _chunkOpen = true;
            if (_left == 0)
            {
                for (int trailers = 0; trailers < MaxTrailers; trailers += line.Length + 2)
                {
                    line = await ReadLineAsync(cancel);
                    if (line.Length == 0)
                    {
                        _framing = BodyFraming.None;
                        return 0;
                    }
                }

                throw new FetchException(ScanReasons.TooLarge, "trailers without end");
            }
        }

        int count = await ReadAsync(into[..(int)Math.Min(into.Length, _left)], cancel);
        _left -= count;
        return count > 0 ? count : throw new FetchException(ScanReasons.Reset, "the connection ended before the body did");
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancel)
    {
        while (true)
        {
            int feed = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                string line = Encoding.Latin1.GetString(_buffer, _start, feed).TrimEnd('\r');
                _start += feed + 1;
                return line;
            }

            if (_end - _start > MaxChunkLine)
            {
                throw new FetchException(ScanReasons.Malformed, "the line of a chunk does not end");
            }

            MakeRoom();
            int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
            _end += count > 0 ? count : throw new FetchException(ScanReasons.Reset, "the connection ended before the body did");
        }
    }
}
