using System.Diagnostics.Metrics;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys;

/// <summary>Why a peer was turned away without a word.</summary>
internal enum TurnedAway
{
    /// <summary>Too many conversations in all.</summary>
    Full,

    /// <summary>Too many datagrams a minute in all.</summary>
    Rate,

    /// <summary>Too many bytes a minute in all.</summary>
    Bytes,

    /// <summary>Too many conversations of this source at once.</summary>
    SourceConnections,

    /// <summary>Too many of this source a minute.</summary>
    SourceRate,

    /// <summary>Too many bytes of this source a minute.</summary>
    SourceBytes,
}

/// <summary>Counters of decoys; tags are names of services and reasons, never of peers.</summary>
internal sealed class DecoysMetrics
{
    public const string MeterName = "Whorl.Decoys";

    private readonly Counter<long> _sessions;
    private readonly Counter<long> _turnedAway;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _commands;
    private readonly Counter<long> _payloads;
    private readonly Counter<long> _datagrams;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _faults;
    private long _open;

    public DecoysMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _sessions = meter.CreateCounter<long>("whorl.decoys.sessions", "{session}", "Conversations that began.");
        _turnedAway = meter.CreateCounter<long>("whorl.decoys.turned_away", "{peer}", "Connections and datagrams refused by a limit.");
        _attempts = meter.CreateCounter<long>("whorl.decoys.attempts", "{attempt}", "Attempts to sign in.");
        _commands = meter.CreateCounter<long>("whorl.decoys.commands", "{command}", "Commands and requests.");
        _payloads = meter.CreateCounter<long>("whorl.decoys.payloads", "{payload}", "Uploads, mails and bodies.");
        _datagrams = meter.CreateCounter<long>("whorl.decoys.datagrams", "{datagram}", "Datagrams received.");
        _dropped = meter.CreateCounter<long>("whorl.decoys.observations.dropped", "{observation}", "Observations dropped because a queue was full.");
        _faults = meter.CreateCounter<long>("whorl.decoys.faults", "{fault}", "Conversations that ended by a fault of the decoy's own.");
        meter.CreateObservableUpDownCounter("whorl.decoys.open", () => Volatile.Read(ref _open), "{session}", "Conversations now.");
    }

    public long Open => Volatile.Read(ref _open);

    public void Begun(ServiceKind service)
    {
        Interlocked.Increment(ref _open);
        _sessions.Add(1, Tag(service));
    }

    public void Ended() => Interlocked.Decrement(ref _open);

    public void Turned(TurnedAway why) => _turnedAway.Add(1, new KeyValuePair<string, object?>("reason", why.ToString()));

    public void Attempt(ServiceKind service) => _attempts.Add(1, Tag(service));

    public void Command(ServiceKind service) => _commands.Add(1, Tag(service));

    public void Payload(ServiceKind service) => _payloads.Add(1, Tag(service));

    public void Datagram(ServiceKind service) => _datagrams.Add(1, Tag(service));

    public void Dropped() => _dropped.Add(1);

    public void Fault(ServiceKind service) => _faults.Add(1, Tag(service));

    private static KeyValuePair<string, object?> Tag(ServiceKind service) => new("service", service.ToString());
}
