using System.Net;
using BenchmarkDotNet.Attributes;
using Whorl.Analysis.Rules;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Analysis.Scoring;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Bench.Rules;

/// <summary>The verdict alone: decisions (none), 100 rules, thresholds. The shipped rules, and generated ones up to a hundred.</summary>
[MemoryDiagnoser]
public class RuleSetBench
{
    private const int RuleCount = 100;

    private readonly List<RuleInfo> _hits = new(64);
    private readonly None _none = new();
    private RuleSet _rules = RuleSet.Empty;
    private IFacts _browser = new Frozen(new FactBag());
    private IFacts[] _strangers = [];
    private int _next;
    private IFacts _bot = new Frozen(new FactBag());
    private IFacts _probe = new Frozen(new FactBag());

    [GlobalSetup]
    public void Setup()
    {
        List<ContentFault> faults = [];
        List<RuleText> texts = [.. RuleFiles.Read([Path.Combine(AppContext.BaseDirectory, "content", "rules")], faults)];
        int shipped = RuleReader.Read(texts).Rules.Count;
        string more = string.Concat(Enumerable.Range(0, RuleCount - shipped).Select(i => (i % 4) switch
        {
            0 => $"  - {{ id: more-{i}, version: 1, description: d, weight: 5, when: {{ field: http.path, prefix: /private/area-{i}/ }} }}\n",
            1 => $"  - {{ id: more-{i}, version: 1, description: d, weight: 5, when: {{ all: [ {{ field: http.user_agent, contains: Collector{i} }}, {{ field: http.method, equals: GET }} ] }} }}\n",
            2 => $"  - {{ id: more-{i}, version: 1, description: d, weight: 5, when: {{ all: [ {{ field: client.ip, cidr: [198.51.{i}.0/24, '2001:db8:{i}::/48'] }}, {{ field: http.path, regex: '^/api/v{i}/.*' }} ] }} }}\n",
            _ => $"  - {{ id: more-{i}, version: 1, description: d, weight: 5, when: {{ field: http.query, regex: 'token{i}=[a-f0-9]{{32}}' }} }}\n",
        }));
        texts.Add(new("more.yaml", "rules:\n" + more));
        RuleSource source = RuleReader.Read(texts);
        if (source.Faults.Count > 0 || source.Rules.Count != RuleCount)
        {
            throw new InvalidOperationException($"{source.Rules.Count} rules; {string.Join('\n', source.Faults)}");
        }

        _rules = RuleCompiler.Compile(source);
        PeerAddress address = PeerAddress.From(IPAddress.Parse("203.0.113.9"));
        _browser = new Frozen(OrdinaryRequest.Samples[0].With(Fields.ClientIp, address));
        _strangers = [.. Enumerable.Range(0, 1024).Select(_ => Frozen.Copy(OrdinaryRequest.Samples[0]))];
        _bot = new Frozen(Request("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", "/articles/1", false).With(Fields.ClientIp, address));
        _probe = new Frozen(Request("python-requests/2.32.3", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", false).With(Fields.ClientIp, address));
    }

    [Benchmark(Baseline = true)]
    public int Browser() => (int)RequestJudge.Judge(_none, _rules, _browser, default, _hits).Action;

    /// <summary>The same request in strings that were never seen before, as of clients that never come twice.</summary>
    [Benchmark]
    public int BrowserInNewStrings() => (int)RequestJudge.Judge(_none, _rules, _strangers[_next++ & (_strangers.Length - 1)], default, _hits).Action;

    [Benchmark]
    public int Crawler() => (int)RequestJudge.Judge(_none, _rules, _bot, default, _hits).Action;

    [Benchmark]
    public int ExploitProbe() => (int)RequestJudge.Judge(_none, _rules, _probe, default, _hits).Action;

    /// <summary>Prints processor time an evaluation; for machines too busy for wall-clock figures.</summary>
    public static void Report()
    {
        const int Rounds = 300_000;
        RuleSetBench bench = new();
        bench.Setup();
        foreach ((string name, Func<int> run) in new (string, Func<int>)[] { ("browser", bench.Browser), ("browser in new strings", bench.BrowserInNewStrings), ("crawler", bench.Crawler), ("exploit probe", bench.ExploitProbe) })
        {
            for (int turn = 0; turn < 3; turn++)
            {
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                TimeSpan before = Environment.CpuUsage.TotalTime;
                for (int i = 0; i < Rounds; i++)
                {
                    run();
                }

                double nanoseconds = (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / Rounds;
                Console.WriteLine($"{name}: {nanoseconds:F0} ns of processor time, {(GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)Rounds:F1} bytes, {bench._hits.Count} hits");
            }
        }
    }

    private static FactBag Request(string userAgent, string path, bool browser) => new FactBag()
        .With(Fields.HttpMethod, "GET").With(Fields.HttpScheme, "https").With(Fields.HttpHost, "www.example.com").With(Fields.HttpVersion, "1.1")
        .With(Fields.HttpPath, path).With(Fields.HttpTarget, path).With(Fields.HttpUserAgent, userAgent).With(Fields.AgentIsBrowser, browser)
        .With(Fields.ClientDirect, true).With(Fields.HttpHeaderCount, 4.0).With(Fields.RobotsDisallowed, false);

    private sealed class None : IDecisionLookup
    {
        public DecisionMatch Find(in ClientKeys client) => default;
    }

    /// <summary>Facts that answer as fast as the edge's do: fields by index, headers by name.</summary>
    private sealed class Frozen : IFacts
    {
        private readonly object?[] _values = new object?[Fields.All.Count];
        private readonly double?[] _numbers = new double?[Fields.All.Count];
        private readonly (string Name, string Value)[] _headers;

        public Frozen(FactBag facts)
        {
            _headers = [.. facts.Values.Where(pair => pair.Key.StartsWith(Fields.HeaderPrefix, StringComparison.Ordinal)).Select(pair => (pair.Key[Fields.HeaderPrefix.Length..], (string)pair.Value))];
            foreach (Field field in Fields.All)
            {
                _values[field.Index] = facts.Values.GetValueOrDefault(field.Name);
                _numbers[field.Index] = facts.Number(field);
            }
        }

        public static Frozen Copy(FactBag facts)
        {
            FactBag copy = new();
            foreach ((string name, object value) in facts.Values)
            {
                copy.With(Fields.Find(name)!, value is string text ? new string(text.AsSpan()) : value);
            }

            return new Frozen(copy);
        }

        public string? Text(Field field)
        {
            if (field.Index >= 0)
            {
                return _values[field.Index] as string;
            }

            foreach ((string name, string value) in _headers)
            {
                if (name == field.Header)
                {
                    return value;
                }
            }

            return null;
        }

        public double? Number(Field field) => _numbers[field.Index];

        public bool? Flag(Field field) => _values[field.Index] is bool flag ? flag : null;

        public PeerAddress? Address(Field field) => _values[field.Index] is PeerAddress address ? address : null;
    }
}
