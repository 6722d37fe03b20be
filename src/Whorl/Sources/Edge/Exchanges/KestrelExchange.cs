using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Whorl.Sources.Edge.Forwarding;
using Whorl.Sources.Edge.Messages;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>A request that Kestrel read: HTTP/2, and whatever of HTTP/1.1 our own reader leaves to it.</summary>
internal sealed class KestrelExchange : Exchange
{
    private static readonly Action<object?> Gone = static state => ((KestrelExchange)state!).OnGone();

    private ClientConnection _client = null!;

    private IHttpRequestFeature _request = null!;

    private IHttpResponseFeature _response = null!;

    private PipeWriter _output = null!;

    private PipeReader? _body;

    private CancellationTokenRegistration _goneRegistration;

    private volatile bool _gone;

    private long _bodyRead;

    private long _bodyLimit;

    public IFeatureCollection Features { get; private set; } = null!;

    public override ClientConnection Client => _client;

    public override bool ClientGone => _gone;

    public override int HeaderCount => _request.Headers.Count;

    public override string? UserAgent => Text(_request.Headers.UserAgent);

    public override string? Referer => Text(_request.Headers.Referer);

    public override string? HostField => Text(_request.Headers.Host);

    public override bool WantsUpgrade => Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } || Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };

    public override BodyFraming RequestBody =>
        Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } ? BodyFraming.None
        : _request.Headers.ContentLength is { } length ? (length == 0 ? BodyFraming.None : BodyFraming.Length)
        : BodyFraming.Chunked;

    public override long RequestLength => _request.Headers.ContentLength ?? -1;

    public void Begin(IFeatureCollection features, long bodyLimit)
    {
        Reset();
        Features = features;
        _bodyLimit = bodyLimit;
        _bodyRead = 0;
        _body = null;
        _client = features.Get<ClientConnection>()!;
        _request = features.Get<IHttpRequestFeature>()!;
        _response = features.Get<IHttpResponseFeature>()!;
        _output = features.Get<IHttpResponseBodyFeature>()!.Writer;
        _gone = false;
        _goneRegistration = features.Get<IHttpRequestLifetimeFeature>()!.RequestAborted.UnsafeRegister(Gone, this);
        string host = Text(_request.Headers.Host) ?? "";
        Facts.Begin(_request.Method, _request.Scheme, host, OriginForm(_request.RawTarget), _request.Protocol is "HTTP/2" ? "2" : _request.Protocol is "HTTP/1.0" ? "1.0" : _request.Protocol is "HTTP/3" ? "3" : "1.1");
    }

    public void End() => _goneRegistration.Dispose();

    public override string? Header(string name) => Text(_request.Headers[name]);

    public override void WriteRequest(ref HeadWriter head, byte[]? host)
    {
        IHeaderDictionary fields = _request.Headers;
        head.WriteText(Facts.Method);
        head.Write(" "u8);
        head.WriteText(Facts.Target);
        head.Write(" HTTP/1.1\r\n"u8);
        if (host is null)
        {
            head.WriteField("Host", Text(fields.Host) ?? "");
        }
        else
        {
            head.WriteField("Host"u8, host);
        }

        StringValues connection = fields.Connection;
        foreach ((string name, StringValues values) in fields)
        {
            if (name[0] == ':' || !HeaderKinds.PassesToUpstream(HeaderKinds.Of(name)) || Nominates(connection, name))
            {
                continue;
            }

            // HTTP/2 may cut a cookie into several fields; HTTP/1.1 must have one (RFC 9113 §8.2.3).
            if (values.Count > 1 && name.Equals("cookie", StringComparison.OrdinalIgnoreCase))
            {
                head.WriteField(name, string.Join("; ", (IEnumerable<string?>)values));
                continue;
            }

            foreach (string? value in values)
            {
                head.WriteField(name, value ?? "");
            }
        }

        UpstreamHead.WriteOwn(ref head, this);
    }

    public override async ValueTask<BodyRead> PumpBodyAsync(UpstreamConnection to)
    {
        _body ??= Features.Get<IRequestBodyPipeFeature>()!.Reader;
        ReadResult read;
        try
        {
            read = await _body.ReadAsync();
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            return BodyRead.Failed;
        }

        if (read.IsCanceled)
        {
            // Kestrel reads the rest away itself, and cannot while a read stands open.
            _body.AdvanceTo(read.Buffer.Start);
            return BodyRead.Failed;
        }

        bool chunked = RequestBody == BodyFraming.Chunked;
        try
        {
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                _bodyRead += piece.Length;
                if (_bodyRead > _bodyLimit)
                {
                    return BodyRead.Failed;
                }

                if (chunked && piece.Length > 0)
                {
                    await to.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{piece.Length:x}\r\n")));
                }

                await to.SendAsync(piece);
                if (chunked && piece.Length > 0)
                {
                    await to.SendAsync("\r\n"u8.ToArray());
                }
            }
        }
        finally
        {
            _body.AdvanceTo(read.Buffer.End);
        }

        if (!read.IsCompleted)
        {
            return BodyRead.Piece;
        }

        if (chunked)
        {
            await to.SendAsync("0\r\n\r\n"u8.ToArray());
        }

        return BodyRead.Last;
    }

    public override void CancelBody() => _body?.CancelPendingRead();

    public override void Start(ResponseHead head, ReadOnlySpan<byte> block, BodyFraming framing, int expected)
    {
        Status = head.Status;
        _response.StatusCode = head.Status;
        IHeaderDictionary fields = _response.Headers;
        foreach (ref readonly HeaderBlock.Line line in head.Headers.Lines)
        {
            if (!line.Nominated && HeaderKinds.PassesToClient(line.Kind))
            {
                fields.Append(TextCache.Get(line.Name(block)), TextCache.Get(line.Value(block)));
            }
        }

        if (head.Headers.ContentLength >= 0 && head.Status is not 204)
        {
            fields.ContentLength = head.Headers.ContentLength;
        }
    }

    public override void Start(OwnAnswer answer, long length)
    {
        Status = answer.Status;
        _response.StatusCode = answer.Status;
        IHeaderDictionary fields = _response.Headers;
        fields.ContentType = answer.ContentType;
        foreach ((string name, string value) in answer.Fields)
        {
            fields[name] = value;
        }

        if (length >= 0)
        {
            fields.ContentLength = length;
        }
    }

    /// <summary>Notes what another part of the process (YARP) answered on this exchange.</summary>
    public void NoteAnswer(int status, long? length)
    {
        Status = status;
        ResponseBytes = length ?? 0;
    }

    public override void Write(ReadOnlySpan<byte> body)
    {
        ResponseBytes += body.Length;
        _output.Write(body);
    }

    public override async ValueTask<bool> FlushAsync()
    {
        FlushResult flushed = await _output.FlushAsync();
        return !flushed.IsCompleted && !flushed.IsCanceled && !_gone;
    }

    // Kestrel sends what is written and ends the answer when the request's processing does.
    public override ValueTask CompleteAsync() => default;

    public override void Abort() => Features.Get<IHttpRequestLifetimeFeature>()!.Abort();

    private static string OriginForm(string target)
    {
        // Absolute form (RFC 9112 §3.2.2): the authority was checked against Host by Kestrel.
        int scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (target.StartsWith('/') || scheme < 0)
        {
            return target;
        }

        int path = target.IndexOfAny(['/', '?'], scheme + 3);
        return path < 0 ? "/" : target[path] == '?' ? "/" + target[path..] : target[path..];
    }

    /// <summary>True where a Connection field names this one as belonging to its hop.</summary>
    public static bool Nominates(StringValues connection, string name)
    {
        foreach (string? value in connection)
        {
            foreach (Range range in value.AsSpan().Split(','))
            {
                if (value.AsSpan()[range].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static string? Text(StringValues values) => values.Count switch { 0 => null, 1 => values[0], _ => string.Join(", ", (IEnumerable<string?>)values) };

    private void OnGone()
    {
        _gone = true;
        OnClientGone();
    }
}
