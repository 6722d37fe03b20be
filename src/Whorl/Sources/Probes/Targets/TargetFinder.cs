using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;

namespace Whorl.Sources.Probes.Targets;

/// <summary>Finds whom to ask back in what the bus brings. A message is acknowledged when whoever it shows is stored.</summary>
internal sealed class TargetFinder(ProbesStore store, OutboundGuard guard, IOptions<ProbesOptions> options, ProbesMetrics metrics, TimeProvider clock)
{
    /// <summary>
    /// Kinds that cannot be made with a forged address, as far as they tell of a conversation: a decoy's, or a handshake over TCP that a server answered.
    /// What capture tells of one side alone (<c>tls.client_hello</c>, <c>ssh.kex</c>, requests in clear) a single forged packet can make.
    /// </summary>
    public static readonly string[] UsualTriggers = ["tls.session", "http.request", DecoyKinds.Auth, DecoyKinds.Command, DecoyKinds.Payload, DecoyKinds.SessionEnded];

    // What decoys tell, of conversations and of single datagrams alike.
    private static readonly FrozenSet<string> OfDecoys = DecoyKinds.All.Select(kind => kind.Name).ToFrozenSet(StringComparer.Ordinal);

    // Addresses stored a moment ago are not stored again; forgetting them all at once costs some writes.
    private const int MaxRecent = 65_536;

    private static readonly TimeSpan Recently = TimeSpan.FromMinutes(1);

    // What a peer's fingerprints did counts for a day.
    private static readonly TimeSpan RotatingFor = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, long> _recent = [];

    public IReadOnlyList<string> Triggers => options.Value.Triggers.Count > 0 ? options.Value.Triggers : UsualTriggers;

    public async Task TakeAsync(BusMessage message, CancellationToken cancel)
    {
        List<FoundTarget> found = [.. Read(message).Where(IsWanted).Select(observation => (AddressOf(observation), observation.Id)).Where(pair => pair.Item1 is not null)
            .DistinctBy(pair => pair.Item1).Select(pair => new FoundTarget(pair.Item1!.Value, pair.Id.ToString()))];
        await AddAsync(found, null, cancel);
    }

    /// <summary>A fingerprint has changed: its address is visited sooner.</summary>
    public async Task TakeRotationAsync(BusMessage message, CancellationToken cancel)
    {
        foreach (Observation observation in Read(message))
        {
            if (AddressOf(observation) is { } address)
            {
                await store.HastenAsync(address, clock.GetUtcNow() + RotatingFor, cancel);
            }
        }
    }

    /// <summary>A change is doubtful: its address is visited at once.</summary>
    public Task TakeAgainAsync(BusMessage message, CancellationToken cancel) => PeerAddress.TryParse(Encoding.ASCII.GetString(message.Body.Span), out PeerAddress address)
        ? store.AgainAsync(address, cancel)
        : throw new PoisonMessageException($"A message under {message.Topic} names no address.");

    /// <summary>Stores those who may be asked and were not stored a moment ago.</summary>
    public async Task AddAsync(IEnumerable<FoundTarget> found, LogPosition? position, CancellationToken cancel)
    {
        List<FoundTarget> added = [];
        foreach (FoundTarget target in found)
        {
            if (!guard.Check(target.Address).Allowed)
            {
                metrics.Refused(TargetRefusal.Forbidden);
            }
            else if (IsNew(target.Address))
            {
                added.Add(target);
            }
        }

        if (added.Count > 0 || position is not null)
        {
            IReadOnlyList<TargetRefusal> refused = await store.AddAsync(added, position, cancel);
            Remember(added);
            metrics.Found(added.Count - refused.Count);
            foreach (TargetRefusal why in refused)
            {
                metrics.Refused(why);
            }
        }
    }

    /// <summary>The address that an observation is about; null where it is about something else.</summary>
    public static PeerAddress? AddressOf(Observation observation) =>
        observation.Subject.Text.StartsWith("ip:", StringComparison.Ordinal) && PeerAddress.TryParse(observation.Subject.Text.AsSpan(3), out PeerAddress address) ? address : null;

    private static IReadOnlyList<Observation> Read(BusMessage message) => CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations)
        ? observations
        : throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");

    private bool IsWanted(Observation observation)
    {
        // What the edge saw has no source.ip: there the client may stand behind a proxy.
        if (observation.Kind == "http.request" && !observation.Attributes.TryGetProperty("source.ip", out _))
        {
            return options.Value.EdgeRequests;
        }

        // Whoever names triggers decides for themselves what proves a sender. Datagrams to a decoy never do: they have no session.
        bool proven = observation.Attributes.TryGetProperty("session.id", out _)
            || (!OfDecoys.Contains(observation.Kind) && (options.Value.Triggers.Count > 0 || observation.Kind == "tls.session"));
        return proven && !Says(observation, "ssh.side", "server") && (Says(observation, "tls.transport", "tcp") || !observation.Attributes.TryGetProperty("tls.transport", out _));
    }

    private static bool Says(Observation observation, string name, string value) =>
        observation.Attributes.TryGetProperty(name, out JsonElement said) && said.ValueKind == JsonValueKind.String && said.ValueEquals(value);

    private bool IsNew(PeerAddress address)
    {
        lock (_gate)
        {
            return !_recent.TryGetValue(address.Bits, out long then) || clock.GetElapsedTime(then) >= Recently;
        }
    }

    // Only once the store has decided: what it could not take up comes again.
    private void Remember(List<FoundTarget> stored)
    {
        long now = clock.GetTimestamp();
        lock (_gate)
        {
            if (_recent.Count + stored.Count > MaxRecent)
            {
                _recent.Clear();
            }

            stored.ForEach(target => _recent[target.Address.Bits] = now);
        }
    }
}
