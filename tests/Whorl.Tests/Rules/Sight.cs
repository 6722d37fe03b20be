using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Whorl.Analysis.Rules.Language;
using Whorl.Analysis.Scoring;
using Whorl.Kernel;

namespace Whorl.Tests.Rules;

/// <summary>What the shipped rules make of a client: flagged where some weight or action speaks against it, refused where it would not be let through.</summary>
internal sealed record Sight(bool Flagged, bool Refused, Verdict Verdict, IReadOnlyList<RuleInfo> Hits)
{
    public static Sight Of(IFacts facts)
    {
        List<RuleInfo> hits = [];
        Verdict verdict = RequestJudge.Judge(NoDecisions.Instance, ShippedRules.Compiled, facts, default, hits);
        return new(verdict.Score > 0 || verdict.Cause == VerdictCause.Rule, verdict.Action != DecisionAction.Allow, verdict, hits);
    }

    public override string ToString() => $"{Verdict.Action} {Verdict.Score} [{string.Join(' ', Hits.Select(hit => hit.Id))}]";
}

internal sealed class NoDecisions : IDecisionLookup
{
    public static NoDecisions Instance { get; } = new();

    public DecisionMatch Find(in ClientKeys client) => default;
}

/// <summary>Requests of the shared data as facts, the way the edge would state them.</summary>
internal static partial class RecordedFacts
{
    public static FactBag OfUserAgent(string userAgent)
    {
        FactBag facts = new FactBag().With(Fields.HttpMethod, "GET").With(Fields.HttpUserAgent, userAgent);
        string? family = userAgent switch
        {
            _ when userAgent.Contains("Edg", StringComparison.Ordinal) => "edge",
            _ when userAgent.Contains("Firefox/", StringComparison.Ordinal) => "firefox",
            _ when userAgent.Contains("Chrome/", StringComparison.Ordinal) => "chrome",
            _ when userAgent.Contains("Safari/", StringComparison.Ordinal) => "safari",
            _ => null,
        };
        if (family is not null)
        {
            facts.With(Fields.AgentFamily, family);
        }

        if (Major().Match(userAgent) is { Success: true } match && double.TryParse(match.Groups["major"].Value, CultureInfo.InvariantCulture, out double version))
        {
            facts.With(Fields.AgentVersion, version);
        }

        return facts.With(Fields.AgentIsBrowser, family is not null && userAgent.StartsWith("Mozilla/5.0 (", StringComparison.Ordinal));
    }

    /// <summary>A user agent with the headers a browser sends along, so that the name alone is judged.</summary>
    public static FactBag OfNameAlone(string userAgent) => OfUserAgent(userAgent)
        .With(Fields.Find("http.header.accept-language")!, "en").With(Fields.Find("http.header.accept-encoding")!, "gzip, deflate, br");

    /// <summary>A row with <c>headers</c>, <c>proto</c> and, in real captures, <c>tls</c>, <c>ja4</c> and <c>akamai_h2</c>.</summary>
    public static FactBag OfCapture(JsonElement row)
    {
        JsonElement.ArrayEnumerator headers = row.GetProperty("headers").EnumerateArray();
        string userAgent = "";
        List<(string Name, string Value)> list = [];
        foreach (JsonElement header in headers)
        {
            (string name, string value) = (header[0].GetString()!, header[1].GetString()!);
            if (!name.StartsWith(':'))
            {
                list.Add((name, value));
            }

            userAgent = name.Equals("user-agent", StringComparison.OrdinalIgnoreCase) ? value : userAgent;
        }

        FactBag facts = OfUserAgent(userAgent);
        string proto = row.GetProperty("proto").GetString()!;
        bool captured = row.TryGetProperty("tls", out JsonElement tls);
        facts.With(Fields.HttpVersion, proto == "HTTP/2" ? "2" : proto[5..]).With(Fields.HttpHeaderCount, (double)list.Count)
            .With(Fields.HttpScheme, !captured || tls.GetBoolean() ? "https" : "http").With(Fields.ClientDirect, captured);
        foreach (IGrouping<string, string> header in list.GroupBy(header => header.Name.ToLowerInvariant(), header => header.Value, StringComparer.Ordinal))
        {
            facts.With(Fields.Find(Fields.HeaderPrefix + header.Key)!, string.Join(", ", header));
        }

        if (proto != "HTTP/2")
        {
            facts.With(Fields.HttpHeaderOrder, string.Join(',', list.Select(header => header.Name)));
        }

        if (captured && tls.GetBoolean())
        {
            AddTls(facts, row);
        }

        return facts;
    }

    private static void AddTls(FactBag facts, JsonElement row)
    {
        string ja4 = row.GetProperty("ja4").GetString()!;
        facts.With(Fields.TlsVersion, "1.3").With(Fields.TlsJa4, ja4).With(Fields.TlsJa3, row.GetProperty("ja3").GetString()!);

        // The two characters of JA4 that tell the first ALPN value; the rest of the list stands in the hello.
        if (ja4[8..10] == "h2")
        {
            facts.With(Fields.TlsAlpn, "h2,http/1.1");
        }
        else if (ja4[8..10] == "h1")
        {
            facts.With(Fields.TlsAlpn, row.GetProperty("proto").GetString() == "HTTP/2" ? "http/1.1,h2" : "http/1.1");
        }

        if (row.TryGetProperty("akamai_h2", out JsonElement http2))
        {
            facts.With(Fields.Http2Fingerprint, http2.GetString()!);
        }
    }

    [GeneratedRegex(@"(Chrome|Firefox|Edg|EdgA|Version|CriOS|FxiOS)/(?<major>\d{1,4})", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Major();
}
