using System.Text.Json;
using Whorl.Analysis.Explanations;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Captures;

/// <summary>What one interface of one node did lately.</summary>
/// <param name="State">listening, or failed.</param>
/// <param name="Reason">Why it failed; empty where it did not.</param>
internal sealed record InterfaceRow(
    string Sensor, string Interface, string State, string Reason, string Hint, double Packets, double Bytes, double Observations, long Drops, long Dropped, long Evicted, long Flows, DateTimeOffset Seen);

/// <summary>The newest captured observations and the summaries of the last minute, in memory, bounded.</summary>
internal sealed class CaptureLive(TimeProvider clock)
{
    /// <summary>Rates are those of this time.</summary>
    public static readonly TimeSpan RateSpan = TimeSpan.FromSeconds(10);

    /// <summary>Drops and evictions are those of this time.</summary>
    public static readonly TimeSpan LossSpan = TimeSpan.FromMinutes(5);

    // A node that is quiet says so every 30 seconds; after three times that it is gone.
    private static readonly TimeSpan Gone = TimeSpan.FromSeconds(95);

    // Five minutes of thirty nodes, one a second.
    private const int MaxSummaries = 9000;

    private const int MaxInterfaces = 256;

    private readonly Lock _lock = new();
    private readonly Queue<Observation> _summaries = new();

    public LiveRequests Newest { get; } = new(clock);

    public void AddSummaries(ReadOnlyMemory<byte> batch)
    {
        if (!CloudEvents.TryReadBatch(batch, out IReadOnlyList<Observation> observations))
        {
            return;
        }

        lock (_lock)
        {
            foreach (Observation observation in observations)
            {
                if (_summaries.Count == MaxSummaries)
                {
                    _summaries.Dequeue();
                }

                _summaries.Enqueue(observation);
            }

            while (_summaries.TryPeek(out Observation? oldest) && clock.GetUtcNow() - oldest.Time > LossSpan)
            {
                _summaries.Dequeue();
            }
        }
    }

    /// <summary>Interfaces that were heard of lately, by node and name.</summary>
    public IReadOnlyList<InterfaceRow> Interfaces()
    {
        Observation[] summaries;
        lock (_lock)
        {
            summaries = [.. _summaries];
        }

        DateTimeOffset now = clock.GetUtcNow();
        Dictionary<(string, string), InterfaceRow> rows = [];
        foreach (Observation summary in summaries)
        {
            if (Explainer.Text(summary.Attributes, "capture.off") is { Length: > 0 } off)
            {
                rows[(summary.Sensor, "")] = new(summary.Sensor, "none", "off", off, "", 0, 0, 0, 0, 0, 0, 0, summary.Time);
            }

            if (summary.Attributes.TryGetProperty("capture.interfaces", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
            {
                rows.Remove((summary.Sensor, ""), out InterfaceRow? before);
                foreach (JsonElement each in list.EnumerateArray().Take(MaxInterfaces - Math.Min(rows.Count, MaxInterfaces)))
                {
                    Add(rows, summary, each, now - summary.Time <= RateSpan);
                }

                if (before is not null && list.GetArrayLength() == 0)
                {
                    rows[(summary.Sensor, "")] = before;
                }
            }
        }

        return [.. rows.Values.Where(row => now - row.Seen <= Gone).OrderBy(row => row.Sensor, StringComparer.Ordinal).ThenBy(row => row.Interface, StringComparer.Ordinal)];
    }

    private static void Add(Dictionary<(string, string), InterfaceRow> rows, Observation summary, JsonElement each, bool fresh)
    {
        string name = Explainer.Text(each, "capture.interface") ?? "";
        InterfaceRow row = rows.GetValueOrDefault((summary.Sensor, name)) ?? new(summary.Sensor, name, "", "", "", 0, 0, 0, 0, 0, 0, 0, default);
        double share = fresh ? 1 / RateSpan.TotalSeconds : 0;
        rows[(summary.Sensor, name)] = row with
        {
            State = Explainer.Text(each, "capture.state") ?? "",
            Reason = Explainer.Text(each, "capture.reason") ?? "",
            Hint = Explainer.Text(each, "capture.hint") ?? "",
            Packets = row.Packets + (share * Number(each, "capture.frames")),
            Bytes = row.Bytes + (share * Number(each, "capture.bytes")),
            Observations = row.Observations + (share * Number(each, "capture.observations")),
            Drops = row.Drops + Number(each, "capture.drops"),
            Dropped = row.Dropped + Number(each, "capture.dropped"),
            Evicted = row.Evicted + Number(each, "capture.evictions"),
            Flows = Number(each, "capture.flows"),
            Seen = summary.Time,
        };
    }

    private static long Number(JsonElement each, string name) => Explainer.Number(each, name) is { } number and >= 0 and < 1e18 ? (long)number : 0;
}
