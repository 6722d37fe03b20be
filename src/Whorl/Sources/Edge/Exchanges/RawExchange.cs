using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.WebUtilities;
using Whorl.Sources.Edge.Forwarding;
using Whorl.Sources.Edge.Messages;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>A plain HTTP/1.1 request that our own reader took off the wire. Answers go out as one write where they are here as one.</summary>
internal sealed class RawExchange(ConnectionContext context, ClientConnection client, EdgeLimits limits, Deadline deadline) : Exchange
{
    // Room asked for at once: a head and what usually follows it.
    private const int MaxRoom = 32 * 1024;

    // Enough of a refused request's target to know what it was after.
    private const int MaxRefusedTarget = 256;

    // More names than a large set of rules asks for; beyond it they are looked up each time.
    private const int MaxAsked = 32;

    private static readonly byte[][] StatusLines = [.. Enumerable.Range(0, 600).Select(status => Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\n"))];

    private readonly RawBody _body = new(context.Transport.Input, limits, deadline);

    private readonly AnswerBuffer _answer = new(context.Transport.Output);

    private byte[] _head = new byte[1024];

    private string?[] _texts = new string?[16];

    private readonly List<(string Name, string? Value)> _asked = [];

    private byte[] _passingFields = new byte[512];

    private int _passing;

    private byte[]? _passingHost;

    private int _block;

    private volatile bool _gone;

    private bool _chunkedAnswer;

    public RequestHead Head { get; } = new();

    /// <summary>The block of fields of the current request, or of the last one between two.</summary>
    public ReadOnlySpan<byte> Block => _head.AsSpan(_block, Head.Headers.Length);

    /// <summary>True where the connection may carry another request.</summary>
    public bool Persists { get; private set; }

    public override ClientConnection Client => client;

    public override bool ClientGone => _gone;

    public override int HeaderCount => Head.Headers.Count;

    public override string? UserAgent => First(HeaderKind.UserAgent);

    public override string? Referer => First(HeaderKind.Referer);

    public override string? HostField => Head.Headers.Host < 0 ? null : TextAt(Head.Headers.Host);

    public override bool WantsUpgrade => false;

    public override BodyFraming RequestBody => Head.Headers.Chunked ? BodyFraming.Chunked : Head.Headers.ContentLength > 0 ? BodyFraming.Length : BodyFraming.None;

    public override long RequestLength => Head.Headers.ContentLength;

    /// <summary>Takes over a head that was read in <paramref name="bytes"/>, which are the wire's and are copied.</summary>
    public void Begin(ReadOnlySpan<byte> bytes)
    {
        Reset();
        if (_head.Length < bytes.Length)
        {
            _head = new byte[bytes.Length];
        }

        bytes.CopyTo(_head);
        HeaderBlock headers = Head.Headers;
        if (!Head.Repeats)
        {
            if (_texts.Length < headers.Count)
            {
                _texts = new string?[headers.Count];
            }

            _texts.AsSpan(0, headers.Count).Clear();
            _asked.Clear();
            _passing = 0;
        }

        _block = Head.HeadersStart;
        _chunkedAnswer = false;
        _body.Begin(headers.Chunked, headers.ContentLength);
        Persists = !headers.Close && (!Head.IsHttp10 || headers.KeepAlive);
        Facts.Begin(
            TextCache.Get(_head.AsSpan(Head.MethodStart, Head.MethodLength)),
            client.IsTls ? "https" : "http",
            HostField,
            TextCache.Get(_head.AsSpan(Head.TargetStart, Head.TargetLength)),
            Head.IsHttp10 ? "1.0" : "1.1");
    }

    /// <summary>Takes over what is sure of a head that was refused: its line, where that could be read, and no field. The connection ends with the answer.</summary>
    public void BeginRefused(ReadOnlySpan<byte> bytes)
    {
        Reset();
        Head.Headers.Clear();
        _asked.Clear();
        _chunkedAnswer = false;
        Persists = false;
        bool line = Head.HeadersStart > 0;
        Facts.Begin(
            line ? TextCache.Get(bytes.Slice(Head.MethodStart, Head.MethodLength)) : "",
            client.IsTls ? "https" : "http",
            null,
            line ? TextCache.Get(bytes.Slice(Head.TargetStart, Math.Min(Head.TargetLength, MaxRefusedTarget))) : "",
            Head.IsHttp10 ? "1.0" : "1.1");
    }

    public void ClientWent()
    {
        _gone = true;
        OnClientGone();
    }

    public override string? Header(string name)
    {
        // Rules ask for the same few names again and again.
        foreach ((string asked, string? known) in CollectionsMarshal.AsSpan(_asked))
        {
            if (asked == name)
            {
                return known;
            }
        }

        string? found = null;
        ulong key = HeaderKinds.KeyOf(name);
        ReadOnlySpan<HeaderBlock.Line> lines = Head.Headers.Lines;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Key == key && lines[i].NameLength == name.Length && Ascii.EqualsIgnoreCase(lines[i].Name(Block), name))
            {
                found = found is null ? TextAt(i) : string.Concat(found, ", ", TextAt(i));
            }
        }

        if (_asked.Count < MaxAsked)
        {
            _asked.Add((name, found));
        }

        return found;
    }

    public override void WriteRequest(ref HeadWriter head, byte[]? host)
    {
        // Method and target as they came; the version is ours.
        head.Write(_head.AsSpan(Head.MethodStart, Head.TargetStart + Head.TargetLength - Head.MethodStart));
        head.Write(" HTTP/1.1\r\n"u8);
        if (_passing == 0 || !ReferenceEquals(host, _passingHost))
        {
            WritePassing(host);
        }

        head.Write(_passingFields.AsSpan(0, _passing));
        UpstreamHead.WriteOwn(ref head, this);
    }

    /// <summary>Gathers the fields that pass, once for as long as the client repeats them.</summary>
    private void WritePassing(byte[]? host)
    {
        HeadWriter fields = new(_passingFields);
        if (host is not null)
        {
            fields.WriteField("Host"u8, host);
        }
        else if (Head.Headers.Host < 0)
        {
            fields.Write("Host: \r\n"u8);
        }

        foreach (ref readonly HeaderBlock.Line line in Head.Headers.Lines)
        {
            if (!line.Nominated && (HeaderKinds.PassesToUpstream(line.Kind) || (line.Kind == HeaderKind.Host && host is null)))
            {
                fields.WriteField(line.Name(Block), line.Value(Block));
            }
        }

        _passingFields = fields.Buffer;
        _passing = fields.Length;
        _passingHost = host;
    }

    public override ValueTask<BodyRead> PumpBodyAsync(UpstreamConnection to) => _body.PumpAsync(to);

    public override void CancelBody() => _body.Cancel();

    /// <summary>Reads away what is left of the request's body where that is little; false where the connection cannot go on.</summary>
    public ValueTask<bool> DrainAsync() => _body.DrainAsync();

    public override void Start(ResponseHead head, ReadOnlySpan<byte> block, BodyFraming framing, int expected)
    {
        Status = head.Status;
        _answer.Room(Math.Min(head.Length + expected + 128, MaxRoom));
        _answer.Put(StatusLines[head.Status]);
        foreach (ref readonly HeaderBlock.Line line in head.Headers.Lines)
        {
            if (!line.Nominated && HeaderKinds.PassesToClient(line.Kind))
            {
                _answer.PutField(line.Name(block), line.Value(block));
            }
        }

        Frame(framing, head.Status == 204 ? -1 : head.Headers.ContentLength);
    }

    public override void Start(OwnAnswer answer, long length)
    {
        Status = answer.Status;
        _answer.Room((int)Math.Min(length + 512, MaxRoom));
        _answer.Put(StatusLines[answer.Status]);
        _answer.PutField("Content-Type"u8, Encoding.ASCII.GetBytes(answer.ContentType));
        foreach ((string name, string value) in answer.Fields)
        {
            _answer.PutField(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
        }

        Frame(length < 0 ? BodyFraming.UntilClose : BodyFraming.Length, length);
    }

    public override void Write(ReadOnlySpan<byte> body)
    {
        ResponseBytes += body.Length;
        if (!_chunkedAnswer)
        {
            _answer.Put(body);
            return;
        }

        Span<byte> size = stackalloc byte[16];
        Utf8Formatter.TryFormat(body.Length, size, out int digits, new StandardFormat('x'));
        "\r\n"u8.CopyTo(size[digits..]);
        _answer.Put(size[..(digits + 2)]);
        _answer.Put(body);
        _answer.Put("\r\n"u8);
    }

    public override ValueTask<bool> FlushAsync()
    {
        ValueTask<FlushResult> flush = _answer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            return new(!flush.Result.IsCompleted && !_gone);
        }

        return WaitAsync(flush);
    }

    public override async ValueTask CompleteAsync()
    {
        if (_chunkedAnswer)
        {
            _answer.Put("0\r\n\r\n"u8);
        }

        await FlushAsync();
    }

    public override void Abort()
    {
        Persists = false;
        context.Abort();
    }

    private void Frame(BodyFraming framing, long length)
    {
        if (framing is BodyFraming.None or BodyFraming.Length)
        {
            if (length >= 0)
            {
                Span<byte> digits = stackalloc byte[20];
                Utf8Formatter.TryFormat(length, digits, out int count);
                _answer.PutField("Content-Length"u8, digits[..count]);
            }
        }
        else if (Head.IsHttp10)
        {
            Persists = false;
        }
        else
        {
            _chunkedAnswer = Facts.Method != "HEAD";
            _answer.Put("Transfer-Encoding: chunked\r\n"u8);
        }

        if (!Persists)
        {
            _answer.Put("Connection: close\r\n"u8);
        }
        else if (Head.IsHttp10)
        {
            _answer.Put("Connection: keep-alive\r\n"u8);
        }

        _answer.Put("\r\n"u8);
    }

    private string? First(HeaderKind kind)
    {
        ReadOnlySpan<HeaderBlock.Line> lines = Head.Headers.Lines;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Kind == kind)
            {
                return TextAt(i);
            }
        }

        return null;
    }

    private string TextAt(int index) => _texts[index] ??= TextCache.Get(Head.Headers.Lines[index].Value(Block));

    private async ValueTask<bool> WaitAsync(ValueTask<FlushResult> flush)
    {
        deadline.Set(limits.IdleTime);
        FlushResult flushed = await flush;
        deadline.Clear();
        return !flushed.IsCompleted && !flushed.IsCanceled && !_gone;
    }
}
