using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Refusals;

namespace Whorl.Sources.Edge.Asking;

/// <summary>
/// Verdicts for other proxies: nginx auth_request (X-Original-URI, X-Original-Method), Traefik forwardAuth and Caddy forward_auth
/// (X-Forwarded-Uri, -Method, -Host), Envoy ext_authz over HTTP (the path behind our prefix). Answers trusted proxies alone: to anybody else
/// the path is a path like any other. A proxy speaks one of these ways and mostly passes a stranger's fields on beside its own, so a question that
/// is put in two ways is refused: a guess would let the stranger choose what is judged.
/// </summary>
internal sealed class AskEndpoint(AskOptions options, Refusal refusal, Throttle throttle)
{
    private const int MaxTargetLength = 16 * 1024;

    public bool IsFor(Exchange exchange) =>
        exchange.Client.PeerTrusted && options.Path.Length > 0 && exchange.Facts.Path.StartsWith(options.Path, StringComparison.Ordinal)
        && (exchange.Facts.Path.Length == options.Path.Length || exchange.Facts.Path[options.Path.Length] == '/');

    public async ValueTask<DecisionAction> ServeAsync(Exchange exchange, Gate gate)
    {
        bool nginx = exchange.Header("x-original-uri") is not null;
        if (!TryReadAsked(exchange))
        {
            OwnAnswer unclear = refusal.Problem(exchange, 400);
            await exchange.AnswerAsync(nginx ? unclear with { Status = 403 } : unclear);
            return DecisionAction.Allow;
        }

        exchange.Site = exchange.Facts.Site = gate.SiteOf(exchange.Facts);
        gate.Judge(exchange.Facts, exchange);
        DecisionAction done = exchange.Verdict.Action switch
        {
            DecisionAction.Allow => DecisionAction.Allow,
            DecisionAction.Block or DecisionAction.Tarpit => DecisionAction.Block,
            _ => throttle.TryPass(exchange.Facts.Client) ? DecisionAction.Allow : DecisionAction.Throttle,
        };
        OwnAnswer answer = done switch
        {
            DecisionAction.Allow => Allowed(exchange),
            DecisionAction.Throttle => refusal.Throttled(exchange, throttle.SecondsToNext),
            _ => refusal.Blocked(exchange),
        };

        // nginx takes 2xx, 401 and 403 and turns anything else into a 500 of its own.
        await exchange.AnswerAsync(nginx && answer.Status == 429 ? answer with { Status = 403 } : answer);
        return done;
    }

    /// <summary>Puts the request that is asked about into the facts, in place of the question.</summary>
    private bool TryReadAsked(Exchange exchange)
    {
        RequestFacts facts = exchange.Facts;
        string? original = exchange.Header("x-original-uri"), forwarded = exchange.Header("x-forwarded-uri");
        string? behind = facts.Target.Length > options.Path.Length && facts.Target[options.Path.Length] == '/' ? facts.Target[options.Path.Length..] : null;
        (string? target, string method, string? host) = (original, forwarded, behind) switch
        {
            ({ } asked, null, null) => (asked, exchange.Header("x-original-method") ?? facts.Method, exchange.HostField),
            (null, { } asked, null) => (asked, exchange.Header("x-forwarded-method") ?? facts.Method, exchange.Header("x-forwarded-host") ?? exchange.HostField),
            (null, null, { } asked) => (asked, facts.Method, exchange.HostField),
            _ => (null, "", null),
        };
        if (target is not ['/', ..] || target.Length > MaxTargetLength || method.Length is 0 or > 32)
        {
            return false;
        }

        facts.Begin(method, facts.Scheme, host, target, facts.Version);
        return true;
    }

    private static OwnAnswer Allowed(Exchange exchange) => new(200, "text/plain; charset=utf-8", default)
    {
        Fields =
        [
            KeyValuePair.Create("Cache-Control", "no-store"),
            KeyValuePair.Create("X-Whorl-Verdict", "allow"),
            KeyValuePair.Create("X-Whorl-Reference", exchange.Reference.ToString()),
        ],
    };
}
