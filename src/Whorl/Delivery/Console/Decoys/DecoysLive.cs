using System.Text.Json;
using Whorl.Analysis.Explanations;

namespace Whorl.Delivery.WebConsole.Decoys;

/// <summary>One service of one decoy on one address, as its node last said.</summary>
/// <param name="Fault">Why nobody hears there; empty where that is not so.</param>
/// <param name="Open">Conversations now.</param>
/// <param name="Taken">Conversations or datagrams since the node began.</param>
/// <param name="TurnedAway">And those that a limit refused.</param>
internal sealed record DecoyPlaceRow(string Decoy, string Persona, string Service, string Place, bool IsListening, string Fault, string Hint, long Open, long Taken, long TurnedAway);

/// <summary>The fleet of one node.</summary>
/// <param name="More">Places that were not named.</param>
internal sealed record DecoyNode(string Node, IReadOnlyList<DecoyPlaceRow> Places, long More, bool ObjectsFull, DateTimeOffset Seen);

/// <summary>The last word of every node with decoys, in memory, bounded.</summary>
internal sealed class DecoysLive(TimeProvider clock)
{
    // A node says how its decoys are every ten seconds; after three times that it is gone.
    private static readonly TimeSpan Gone = TimeSpan.FromSeconds(35);

    private const int MaxNodes = 64;

    private const int MaxPlaces = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DecoyNode> _nodes = new(StringComparer.Ordinal);

    public void Add(ReadOnlyMemory<byte> health)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(health);
            JsonElement facts = document.RootElement;
            if (Explainer.Text(facts, "node") is not { Length: > 0 } name || !facts.TryGetProperty("places", out JsonElement places) || places.ValueKind != JsonValueKind.Array)
            {
                return;
            }

            DecoyNode node = new(name, [.. places.EnumerateArray().Take(MaxPlaces).Select(Read)], Count(facts, "more"), Flag(facts, "objects_full"), clock.GetUtcNow());
            lock (_lock)
            {
                if (_nodes.Count >= MaxNodes && !_nodes.ContainsKey(name))
                {
                    _nodes.Remove(_nodes.Values.MinBy(old => old.Seen)!.Node);
                }

                _nodes[name] = node;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Not from decoys of ours.
        }
    }

    public IReadOnlyList<DecoyNode> Nodes()
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_lock)
        {
            return [.. _nodes.Values.Where(node => now - node.Seen <= Gone).OrderBy(node => node.Node, StringComparer.Ordinal)];
        }
    }

    private static DecoyPlaceRow Read(JsonElement place) => new(
        Explainer.Text(place, "decoy") ?? "", Explainer.Text(place, "persona") ?? "", Explainer.Text(place, "service") ?? "", Explainer.Text(place, "place") ?? "", Flag(place, "listening"),
        Explainer.Text(place, "fault") ?? "", Explainer.Text(place, "hint") ?? "", Count(place, "open"), Count(place, "taken"), Count(place, "turned_away"));

    private static bool Flag(JsonElement facts, string name) => facts.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static long Count(JsonElement facts, string name) => Explainer.Number(facts, name) is { } number and >= 0 and < 1e15 ? (long)number : 0;
}
