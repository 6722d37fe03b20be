using System.Text;
using System.Text.Json;
using Whorl.Analysis.Filters;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl/Analysis: what operators write, and what a link can make their browser ask for.</summary>
internal static class AnalysisFuzzTargets
{
    // Reading YAML and compiling expressions costs kilobytes a line; an operator writes it, no stranger.
    private const long RulesAllocation = 64 * 1024 * 1024;

    private static readonly string[] Filters =
    [
        "http.path:/wp-login.php AND NOT verdict.action:allow",
        "(client.ip:203.0.113.0/24 OR http.user_agent:\"curl/*\") http.status>=400",
        "-tls.ja4:t13d* bot",
    ];

    private static readonly Observation Seen = new(
        ObservationId.New(TimeProvider.System), "http.request", DateTimeOffset.UnixEpoch, "edge1", new("ip:203.0.113.9"),
        JsonDocument.Parse("""{"client.ip":"203.0.113.9","http.path":"/wp-login.php","http.status":403,"http.user_agent":"curl/8.5.0","verdict.rules":["a","b"]}""").RootElement);

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("rules-yaml", Rules, static () => RuleFiles) { MaxAllocation = RulesAllocation },
        new("filter", Ask, static () => Filters.Select(Encoding.UTF8.GetBytes)),
    ];

    private static IEnumerable<byte[]> RuleFiles =>
    [
        """
        lists:
          words: [one, two]
        thresholds:
          block: 100
        rules:
          - id: first
            version: 1
            description: d
            weight: 20
            when:
              all:
                - { field: http.path, prefix: /a }
                - not: { field: http.user_agent, in: words }
                - { field: http.user_agent, regex: 'x+[a-c]{2}' }
            tests:
              - { facts: { http.path: /a }, match: true }
          - { id: second, version: 1, description: d, action: block, simulate: true, when: { field: client.ip, cidr: [203.0.113.0/24] } }

        """u8.ToArray(),
    ];

    private static int Rules(ReadOnlySpan<byte> input)
    {
        RuleSource source = RuleReader.Read(new RuleText("fuzz.yaml", Encoding.UTF8.GetString(input)));
        if (source.Faults.Count > 0)
        {
            return HashCode.Combine(source.Rules.Count, source.Faults[0].Message.Split('\'')[0]);
        }

        _ = RuleCompiler.Compile(source);
        return HashCode.Combine(source.Rules.Count, source.Thresholds.Count);
    }

    private static int Ask(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (!Filter.TryParse(text, out Filter? filter, out FilterFault? fault))
        {
            return fault!.Start >= 0 && fault.Start + fault.Length <= text.Length + 1 ? fault.Message.GetHashCode(StringComparison.Ordinal) : throw new InvalidOperationException("a fault outside of the text");
        }

        return HashCode.Combine(filter!.Matches(Seen), filter.Needles.Count, Filter.TryParse(Filter.Quote(text), out _, out _));
    }
}
