using System.Runtime.CompilerServices;
using Whorl.Kernel;
using Whorl.Sources.Edge.Asking;
using Whorl.Sources.Edge.Crawlers;
using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Forwarding;
using Whorl.Sources.Edge.Recording;
using Whorl.Sources.Edge.Refusals;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge;

/// <summary>What happens to every request, whoever read it: who is it, which site, what verdict, do it, record it.</summary>
internal sealed class Gate(
    SiteTable sites,
    TrustedProxies trusted,
    EdgeOptions options,
    IRequestJudge judge,
    Recorder recorder,
    Refusal refusal,
    Throttle throttle,
    Tarpit tarpit,
    Forwarder forwarder,
    YarpForwarder yarp,
    AskEndpoint ask,
    EdgeMetrics metrics,
    TimeProvider clock,
    ILogger<Gate> log)
{
    // A judge that fails does so for every request; one line in so many seconds is enough.
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(30);

    private long _judgeLogged;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ServeAsync(Exchange exchange)
    {
        exchange.Started = clock.GetTimestamp();
        exchange.Reference = recorder.NextId();
        metrics.Begin();
        DecisionAction done = DecisionAction.Allow;
        try
        {
            Identify(exchange);
            if (ask.IsFor(exchange))
            {
                done = await ask.ServeAsync(exchange, this);
            }
            else
            {
                Judge(exchange.Facts, exchange);
                done = ToDo(exchange);
                if (done == DecisionAction.Allow && IsPlain(exchange))
                {
                    ForwardResult result = await forwarder.ForwardAsync(exchange);
                    if (result != ForwardResult.Done)
                    {
                        await FailedAsync(exchange, result);
                    }
                }
                else
                {
                    await DoAsync(exchange, done);
                }
            }
        }
        catch (Exception fault) when (fault is not (IOException or OperationCanceledException))
        {
            await FailAsync(exchange, fault);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The client went away in the middle.
            exchange.Abort();
        }
        finally
        {
            metrics.End();
            recorder.Add(exchange, done);
        }
    }

    /// <summary>Answers a request that was not read to its end: nothing of it is judged or carried, but it leaves a record and a reference like every refusal.</summary>
    public ValueTask RefuseAsync(RawExchange exchange, RequestFault fault)
    {
        // What a proxy in front would have said of its client stands in fields that nobody has read: the connection's other end is all there is.
        ClientConnection connection = exchange.Client;
        exchange.Facts.Begin(exchange, connection.Facts, connection.Facts.Peer, connection.Direct);
        int status = fault is RequestFault.TooLarge or RequestFault.TooManyFields ? 431 : 400;
        metrics.Malformed(fault);
        exchange.Reference = recorder.AddMalformed(exchange, fault, status);
        return exchange.AnswerAsync(refusal.Problem(exchange, status));
    }

    /// <summary>Judges; a judge that fails lets the request through, for a site that is down for its guard's sake is the worse harm.</summary>
    public void Judge(RequestFacts facts, Exchange exchange)
    {
        try
        {
            exchange.Verdict = judge.Judge(facts, facts.Keys, exchange.Hits);
        }
#pragma warning disable CA1031 // fail open, counted and logged
        catch (Exception fault)
#pragma warning restore CA1031
        {
            exchange.Hits.Clear();
            exchange.Verdict = default;
            metrics.JudgeFailed();
            long now = clock.GetTimestamp(), before = Volatile.Read(ref _judgeLogged);
            if ((before == 0 || clock.GetElapsedTime(before, now) > LogPause) && Interlocked.CompareExchange(ref _judgeLogged, now, before) == before)
            {
                EdgeLog.JudgeFailed(log, fault);
            }
        }
    }

    public Site? SiteOf(RequestFacts facts) => sites.Find(facts.Host, facts.Path);

    /// <summary>The verdict as it can be carried out. Challenge, captcha and charge are not built yet: the client is throttled instead.</summary>
    public DecisionAction ToDo(Exchange exchange)
    {
        DecisionAction action = exchange.Verdict.Action;

        // A crawler must be able to read what it is told; only a decision about this very client closes robots.txt too.
        if (action != DecisionAction.Allow && exchange.Facts.Path == RobotsKeeper.Path && exchange.Verdict.Cause != VerdictCause.Decision)
        {
            return DecisionAction.Allow;
        }

        return action switch
        {
            DecisionAction.Challenge or DecisionAction.Captcha or DecisionAction.Charge or DecisionAction.Throttle =>
                throttle.TryPass(exchange.Facts.Client) ? DecisionAction.Allow : DecisionAction.Throttle,
            DecisionAction.Tarpit => tarpit.TryEnter() ? DecisionAction.Tarpit : DecisionAction.Block,
            _ => action,
        };
    }

    private void Identify(Exchange exchange)
    {
        ClientConnection connection = exchange.Client;
        PeerAddress client = connection.Facts.Peer;
        if (connection.PeerTrusted)
        {
            bool forwarded = options.ClientHeader == ClientHeader.Forwarded;
            client = trusted.Walk(client, exchange.Header(forwarded ? "forwarded" : "x-forwarded-for"), forwarded);
            if (exchange.Header("x-forwarded-proto") is "https" or "http")
            {
                exchange.Facts.Scheme = exchange.Header("x-forwarded-proto")!;
            }
        }

        exchange.Facts.Begin(exchange, connection.Facts, client, connection.Direct);
        exchange.Site ??= SiteOf(exchange.Facts);
        exchange.Facts.Site = exchange.Site;
    }

    private ValueTask DoAsync(Exchange exchange, DecisionAction action)
    {
        switch (action)
        {
            case DecisionAction.Allow:
                return ForwardAsync(exchange);
            case DecisionAction.Tarpit:
                return tarpit.ServeAsync(exchange);
            case DecisionAction.Throttle:
                return exchange.AnswerAsync(refusal.Throttled(exchange, throttle.SecondsToNext));
            default:
                return exchange.AnswerAsync(refusal.Blocked(exchange));
        }
    }

    private ValueTask ForwardAsync(Exchange exchange)
    {
        if (exchange.Site is not { } site)
        {
            return exchange.AnswerAsync(refusal.Problem(exchange, 404));
        }

        if (exchange.RequestLength > options.Limits.BodyBytes)
        {
            return exchange.AnswerAsync(refusal.Problem(exchange, 413));
        }

        if (site.Options.Robots != RobotsPolicy.LeaveToSite && exchange.Facts.Path == RobotsKeeper.Path && exchange.Facts.Method is "GET" or "HEAD")
        {
            return exchange.AnswerAsync(site.RobotsAnswer ?? RobotsKeeper.Empty);
        }

        return CarryAsync(exchange, site);
    }

    /// <summary>True for what the strict forwarder carries and nothing else has a say in.</summary>
    private bool IsPlain(Exchange exchange) =>
        exchange is { Site: { IsPlain: true } site, WantsUpgrade: false } && exchange.RequestLength <= options.Limits.BodyBytes
        && (site.Options.Robots == RobotsPolicy.LeaveToSite || exchange.Facts.Path != RobotsKeeper.Path);

    private async ValueTask CarryAsync(Exchange exchange, Site site)
    {
        ForwardResult result = exchange is KestrelExchange kestrel && (!site.IsPlain || exchange.WantsUpgrade)
            ? await yarp.ForwardAsync(kestrel)
            : await forwarder.ForwardAsync(exchange);
        if (result != ForwardResult.Done)
        {
            await FailedAsync(exchange, result);
        }
    }

    /// <summary>What the client is told when its request could not be carried.</summary>
    private async ValueTask FailedAsync(Exchange exchange, ForwardResult result)
    {
        switch (result)
        {
            case ForwardResult.ClientGone:
                exchange.Abort();
                return;
            case ForwardResult.BadBody when !exchange.ResponseStarted:
                await exchange.AnswerAsync(refusal.Problem(exchange, 400));
                return;
            case ForwardResult.BadBody:
                exchange.Abort();
                return;
        }

        metrics.UpstreamFailed(result.ToString());
        EdgeLog.UpstreamFailed(log, exchange.Upstream?.Uri.Authority ?? "-", exchange.Site!.Name, result, exchange.Reference.ToString());
        if (exchange.ResponseStarted)
        {
            exchange.Abort();
        }
        else
        {
            await exchange.AnswerAsync(refusal.Unavailable(exchange, result == ForwardResult.TimedOut ? 504 : 502));
        }
    }

    private async ValueTask FailAsync(Exchange exchange, Exception fault)
    {
        EdgeLog.Failed(log, exchange.Reference.ToString(), fault);
        if (exchange.ResponseStarted)
        {
            exchange.Abort();
        }
        else
        {
            await exchange.AnswerAsync(refusal.Problem(exchange, 500));
        }
    }
}
