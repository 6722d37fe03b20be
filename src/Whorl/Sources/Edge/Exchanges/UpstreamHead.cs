using Whorl.Kernel;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>The fields that the edge itself says to an upstream: who the client is, how it came, what was decided, how the body is framed.</summary>
internal static class UpstreamHead
{
    public static void WriteOwn(ref HeadWriter head, Exchange exchange)
    {
        RequestFacts facts = exchange.Facts;
        ReadOnlySpan<byte> client = exchange.Client.TextOf(facts.Client);
        head.WriteField("X-Forwarded-For"u8, client);
        head.WriteField("X-Real-IP"u8, client);
        head.WriteField("X-Forwarded-Proto"u8, facts.Scheme == "https" ? "https"u8 : "http"u8);
        if (exchange.HostField is { } host)
        {
            head.WriteField("X-Forwarded-Host", host);
        }

        Site site = exchange.Site!;
        if (site.Options.Via)
        {
            head.WriteField("Via"u8, facts.Version switch { "2" => "2 whorl"u8, "1.0" => "1.0 whorl"u8, "3" => "3 whorl"u8, _ => "1.1 whorl"u8 });
        }

        if (site.Options.TellUpstream)
        {
            Span<byte> code = stackalloc byte[Uuid7.TextLength];
            Uuid7.Write(exchange.Reference.Value, code);
            head.WriteField("X-Whorl-Reference"u8, code);
            head.WriteField("X-Whorl-Verdict"u8, ActionNames.Utf8(exchange.Verdict.Action));
        }

        switch (exchange.RequestBody)
        {
            case BodyFraming.Length:
                head.Write("Content-Length: "u8);
                head.WriteNumber(exchange.RequestLength);
                head.Write("\r\n"u8);
                break;
            case BodyFraming.Chunked:
                head.Write("Transfer-Encoding: chunked\r\n"u8);
                break;
            default:
                // Some servers want to hear that a POST has no body (RFC 9110 §8.6).
                if (exchange.Facts.Method is "POST" or "PUT" or "PATCH")
                {
                    head.Write("Content-Length: 0\r\n"u8);
                }

                break;
        }

        head.Write("\r\n"u8);
    }
}

/// <summary>Actions as rules, observations and metrics write them.</summary>
internal static class ActionNames
{
    public static readonly string[] All = ["allow", "throttle", "challenge", "captcha", "charge", "tarpit", "block"];

    public static string Text(DecisionAction action) => All[(int)action];

    public static ReadOnlySpan<byte> Utf8(DecisionAction action) => action switch
    {
        DecisionAction.Allow => "allow"u8,
        DecisionAction.Throttle => "throttle"u8,
        DecisionAction.Challenge => "challenge"u8,
        DecisionAction.Captcha => "captcha"u8,
        DecisionAction.Charge => "charge"u8,
        DecisionAction.Tarpit => "tarpit"u8,
        _ => "block"u8,
    };
}
