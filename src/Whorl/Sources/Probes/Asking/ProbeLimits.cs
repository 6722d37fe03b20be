using Whorl.Kernel.Outbound;

namespace Whorl.Sources.Probes.Asking;

/// <summary>What one process spends on all its targets together.</summary>
internal sealed class ProbeLimits(int connections, double connectionsPerSecond, TimeProvider clock)
{
    public Gate Connections { get; } = new(connections);

    public Pace Rate { get; } = new(connectionsPerSecond, clock);
}

/// <summary>What it spends on one target.</summary>
internal sealed class TargetLimits(int connections, double connectionsPerSecond, TimeProvider clock)
{
    public Gate Connections { get; } = new(connections);

    public Pace Rate { get; } = new(connectionsPerSecond, clock);
}

/// <summary>The list of what may not be reached has changed since the ask began.</summary>
internal sealed class OutboundRefusedException(OutboundVerdict verdict) : Exception(verdict.Why());
