using System.Text.Json;
using Whorl.Analysis.Explanations;

namespace Whorl.Delivery.WebConsole.Prober;

/// <summary>How one prober is, as it last said.</summary>
/// <param name="Fault">Why nobody is asked; empty where that is not so.</param>
internal sealed record ProberRow(string Node, string State, bool DryRun, bool RawPackets, long Targets, long Due, long Working, long Connections, string Fault, DateTimeOffset Seen);

/// <summary>The last word of every prober, in memory, bounded.</summary>
internal sealed class ProberLive(TimeProvider clock)
{
    // A prober says how it is every 30 seconds; after three times that it is gone.
    private static readonly TimeSpan Gone = TimeSpan.FromSeconds(95);

    private const int MaxNodes = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProberRow> _rows = new(StringComparer.Ordinal);

    public void Add(ReadOnlyMemory<byte> health)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(health);
            JsonElement facts = document.RootElement;
            if (Explainer.Text(facts, "node") is not { Length: > 0 } node)
            {
                return;
            }

            ProberRow row = new(
                node, Explainer.Text(facts, "state") ?? "", Flag(facts, "dry_run"), Flag(facts, "raw_packets"), Count(facts, "targets"), Count(facts, "due"), Count(facts, "working"), Count(facts, "connections"),
                Explainer.Text(facts, "fault") ?? "", clock.GetUtcNow());
            lock (_lock)
            {
                if (_rows.Count >= MaxNodes && !_rows.ContainsKey(node))
                {
                    _rows.Remove(_rows.Values.MinBy(old => old.Seen)!.Node);
                }

                _rows[node] = row;
            }
        }
        catch (JsonException)
        {
            // Not from a prober of ours.
        }
    }

    public IReadOnlyList<ProberRow> Rows()
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_lock)
        {
            return [.. _rows.Values.Where(row => now - row.Seen <= Gone).OrderBy(row => row.Node, StringComparer.Ordinal)];
        }
    }

    private static bool Flag(JsonElement facts, string name) => facts.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static long Count(JsonElement facts, string name) => Explainer.Number(facts, name) is { } number and >= 0 and < 1e15 ? (long)number : 0;
}
