using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Overview;

/// <summary>What all edges saw in one second.</summary>
internal sealed class SecondSummary(DateTimeOffset second)
{
    public DateTimeOffset Second { get; } = second;

    public long Requests { get; set; }

    public long Dropped { get; set; }

    /// <summary>Slowest median and slowest 99th percentile of the edges, in microseconds.</summary>
    public double P50 { get; set; }

    public double P99 { get; set; }

    public Dictionary<string, long> Verdicts { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, long> Statuses { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (long Requests, long Refused)> Talkers { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests that were not simply allowed.</summary>
    public long Stopped => Verdicts.Where(pair => pair.Key != "allow").Sum(pair => pair.Value);
}

/// <summary>A quarter of an hour of <c>edge.summary</c> observations, by second; in memory, bounded.</summary>
internal sealed class SummaryHistory(TimeProvider clock)
{
    public static readonly TimeSpan Span = TimeSpan.FromMinutes(15);

    // An edge sends its ten busiest; several edges and one second make a few times that.
    private const int MaxTalkersPerSecond = 64;

    // Verdicts are seven, classes of status five; more names come from nobody we know.
    private const int MaxNames = 16;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, SecondSummary> _seconds = [];

    public void Add(ReadOnlyMemory<byte> batch)
    {
        if (CloudEvents.TryReadBatch(batch, out IReadOnlyList<Observation> observations))
        {
            foreach (Observation observation in observations)
            {
                Add(observation);
            }
        }
    }

    public void Add(Observation observation)
    {
        JsonElement facts = observation.Attributes;
        long key = observation.Time.ToUnixTimeSeconds(), oldest = clock.GetUtcNow().ToUnixTimeSeconds() - (long)Span.TotalSeconds;
        lock (_lock)
        {
            while (_seconds.Count > 0 && _seconds.Keys.First() < oldest)
            {
                _seconds.Remove(_seconds.Keys.First());
            }

            // A clock that is off must not fill memory: the future is as bounded as the past.
            if (key < oldest || key > oldest + (2 * (long)Span.TotalSeconds))
            {
                return;
            }

            if (!_seconds.TryGetValue(key, out SecondSummary? second))
            {
                _seconds[key] = second = new(DateTimeOffset.FromUnixTimeSeconds(key));
            }

            second.Requests += Count(facts, "edge.requests");
            second.Dropped += Count(facts, "edge.dropped");
            second.P50 = Math.Max(second.P50, Count(facts, "edge.duration_us_p50"));
            second.P99 = Math.Max(second.P99, Count(facts, "edge.duration_us_p99"));
            Merge(facts, "edge.verdicts", second.Verdicts);
            Merge(facts, "edge.statuses", second.Statuses);
            MergeTalkers(facts, second.Talkers);
        }
    }

    /// <summary>The seconds with traffic from <paramref name="from"/> on, oldest first. Do not change them.</summary>
    public IReadOnlyList<SecondSummary> Since(DateTimeOffset from)
    {
        lock (_lock)
        {
            return [.. _seconds.Values.Where(second => second.Second >= from)];
        }
    }

    private static void Merge(JsonElement facts, string name, Dictionary<string, long> into)
    {
        if (facts.TryGetProperty(name, out JsonElement counts) && counts.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty count in counts.EnumerateObject())
            {
                if (count.Value.ValueKind == JsonValueKind.Number && count.Value.TryGetInt64(out long value) && (into.Count < MaxNames || into.ContainsKey(count.Name)))
                {
                    into[count.Name] = into.GetValueOrDefault(count.Name) + value;
                }
            }
        }
    }

    private static void MergeTalkers(JsonElement facts, Dictionary<string, (long Requests, long Refused)> into)
    {
        if (!facts.TryGetProperty("edge.top", out JsonElement top) || top.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (JsonElement talker in top.EnumerateArray())
        {
            if (talker.ValueKind == JsonValueKind.Object && talker.TryGetProperty("client.ip", out JsonElement ip) && ip.ValueKind == JsonValueKind.String
                && ip.GetString() is { Length: <= 64 } address && (into.Count < MaxTalkersPerSecond || into.ContainsKey(address)))
            {
                (long requests, long refused) = into.GetValueOrDefault(address);
                into[address] = (requests + Count(talker, "requests"), refused + Count(talker, "refused"));
            }
        }
    }

    private static long Count(JsonElement facts, string name) =>
        facts.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number is >= 0 and < 1e15 ? (long)number : 0;
}
