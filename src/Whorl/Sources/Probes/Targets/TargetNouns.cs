using Whorl.Kernel;
using Whorl.Sources.Probes.Asking;
using Whorl.Stores;

namespace Whorl.Sources.Probes.Targets;

/// <summary>How urgent a target is. Numbers are stored; they never change.</summary>
internal enum TargetRank
{
    Routine = 0,
    Rotating = 1,
    Fresh = 2,
}

/// <summary>An address that showed itself.</summary>
/// <param name="Reason">The observation that showed it, or <c>log</c>.</param>
internal readonly record struct FoundTarget(PeerAddress Address, string Reason);

/// <summary>A target that is due and leased to this node.</summary>
internal sealed record DueTarget(PeerAddress Address, string Reason, TargetRank Rank, int Silent, int Visits);

/// <summary>How far a log was read.</summary>
/// <param name="Head">Its first bytes, by which it is known again under another name.</param>
internal sealed record LogPosition(string Path, byte[] Head, long Position);

/// <summary>Something to store about a visit.</summary>
internal interface IVisitNote;

/// <summary>One ask of a visit.</summary>
internal readonly record struct PlannedAsk(ushort Port, ProbeName Probe);

/// <summary>One ask that is over.</summary>
internal readonly record struct EndedAsk(ushort Port, ProbeName Probe, string Outcome, int Sent);

/// <summary>What a visit may send.</summary>
internal sealed record VisitBegun(Guid Visit, PeerAddress Address, DateTimeOffset Time, bool IsDry, IReadOnlyList<PlannedAsk> Asks) : IVisitNote;

/// <summary>What it sent and what came of it.</summary>
internal sealed record VisitEnded(Guid Visit, PeerAddress Address, DateTimeOffset Begun, DateTimeOffset Time, IReadOnlyList<EndedAsk> Asks, long Silent, DateTimeOffset Due, DateTimeOffset DueIfRotating) : IVisitNote;

internal sealed record QueueCounts(long Known, long Due);

/// <summary>An ask in the audit.</summary>
internal sealed record AuditEntry(long Micros, string Node, string Address, long Port, long Probe, string Outcome, long Sent)
{
    public DateTimeOffset Time => ColumnTypes.Time(Micros);

    public ProbeName Name => (ProbeName)Probe;
}

/// <summary>A target in the queue.</summary>
internal sealed record QueueEntry(string Address, string Reason, long DueMicros, long Rank, long Silent, long Visits, string Owner)
{
    public DateTimeOffset Due => ColumnTypes.Time(DueMicros);
}
