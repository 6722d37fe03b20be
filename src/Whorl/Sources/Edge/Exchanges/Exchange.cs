using Whorl.Kernel;
using Whorl.Sources.Edge.Forwarding;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>A piece of a request's body.</summary>
internal enum BodyRead
{
    /// <summary>More may come.</summary>
    Piece,

    /// <summary>This was the last.</summary>
    Last,

    /// <summary>The client went away, was too slow, or broke the framing.</summary>
    Failed,
}

/// <summary>
/// One request and its answer, whoever read it off the wire: our own HTTP/1.1 reader or Kestrel. The gate judges it and the forwarder carries it
/// without knowing which. Reused for every request of a connection (of a stream in HTTP/2).
/// </summary>
internal abstract class Exchange : IHeaderFields
{
    private UpstreamConnection? _upstream;

    public RequestFacts Facts { get; } = new();

    public List<RuleInfo> Hits { get; } = [];

    public abstract ClientConnection Client { get; }

    public Verdict Verdict { get; set; }

    public ObservationId Reference { get; set; }

    public Site? Site { get; set; }

    public Upstream? Upstream { get; set; }

    public long Started { get; set; }

    /// <summary>Status sent, or 0 where the client went away before one.</summary>
    public int Status { get; protected set; }

    /// <summary>Body bytes given to the client.</summary>
    public long ResponseBytes { get; protected set; }

    public bool ResponseStarted => Status != 0;

    /// <summary>True where the client went away before its answer ended.</summary>
    public abstract bool ClientGone { get; }

    public abstract int HeaderCount { get; }

    public abstract string? UserAgent { get; }

    public abstract string? Referer { get; }

    /// <summary>True where only YARP can carry it: a protocol switch.</summary>
    public abstract bool WantsUpgrade { get; }

    /// <summary>How the request's body is framed towards the upstream, and its length.</summary>
    public abstract BodyFraming RequestBody { get; }

    public abstract long RequestLength { get; }

    /// <summary>The Host field as sent (:authority in HTTP/2).</summary>
    public abstract string? HostField { get; }

    public abstract string? Header(string name);

    /// <summary>Writes method, target and version of the request towards the upstream, and every field that passes, each as it came.</summary>
    public abstract void WriteRequest(ref HeadWriter head, byte[]? host);

    /// <summary>Carries the next piece of the request's body to the upstream, framed as <see cref="RequestBody"/> says. Throws where the upstream fails.</summary>
    public abstract ValueTask<BodyRead> PumpBodyAsync(UpstreamConnection to);

    /// <summary>Ends a wait in <see cref="PumpBodyAsync"/>: nobody wants the rest of the body.</summary>
    public abstract void CancelBody();

    /// <summary>Starts the answer with an upstream's head.</summary>
    public abstract void Start(ResponseHead head, ReadOnlySpan<byte> block, BodyFraming framing, int expected);

    /// <summary>Starts an answer of our own; its body has exactly <paramref name="length"/> bytes, or ends when it ends (-1).</summary>
    public abstract void Start(OwnAnswer answer, long length);

    public abstract void Write(ReadOnlySpan<byte> body);

    /// <summary>False where the client is gone.</summary>
    public abstract ValueTask<bool> FlushAsync();

    /// <summary>Ends the answer as its framing says.</summary>
    public abstract ValueTask CompleteAsync();

    /// <summary>Cuts the client off: the answer cannot be ended honestly.</summary>
    public abstract void Abort();

    public async ValueTask AnswerAsync(OwnAnswer answer)
    {
        Start(answer, answer.Body.Length);
        if (Facts.Method != "HEAD" && answer.Status is not (204 or 304))
        {
            Write(answer.Body.Span);
        }

        await CompleteAsync();
    }

    /// <summary>Names the upstream connection that dies with the client; false where the client is gone already.</summary>
    public bool Attach(UpstreamConnection connection)
    {
        Volatile.Write(ref _upstream, connection);
        if (ClientGone)
        {
            Interlocked.Exchange(ref _upstream, null);
            return false;
        }

        return true;
    }

    /// <summary>Takes the upstream connection back; false where the client's going has killed it.</summary>
    public bool Detach() => Interlocked.Exchange(ref _upstream, null) is not null;

    protected void OnClientGone() => Interlocked.Exchange(ref _upstream, null)?.Kill();

    protected void Reset()
    {
        Hits.Clear();
        Verdict = default;
        Site = null;
        Upstream = null;
        Status = 0;
        ResponseBytes = 0;
    }
}

/// <summary>An answer of the edge's own.</summary>
internal sealed record OwnAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>Further fields; names and values are ours.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Fields { get; init; } = [];
}
