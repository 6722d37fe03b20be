using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Delivery.Cli.Probing;

/// <summary>Asks one target all that is wanted.</summary>
internal sealed class ProbeRun
{
    private readonly Asker _asker;
    private readonly ProbePlan _plan;
    private readonly ProbesOptions _options;
    private readonly TimeProvider _clock;

    public ProbeRun(ProbeSet probes, OutboundGuard guard, ProbesOptions options, IReadOnlyList<ProbeName> wanted, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        ProbeLimits limits = new(options.Connections, options.ConnectionsPerSecond, clock);
        _asker = new(limits, guard, probes.Ports, options.Timeout, options.MaxKilobytes * 1024L, clock);
        _plan = new(probes, options, wanted);
    }

    /// <param name="port">0: the usual ports of each probe.</param>
    public async Task<IReadOnlyList<Answered>> AskAsync(PeerAddress address, ushort port, string host, CancellationToken cancel)
    {
        TargetLimits budget = new(_options.TargetConnections, _options.TargetConnectionsPerSecond, _clock);
        IReadOnlyList<Answered>[] all = await Task.WhenAll(_plan.For(address, port, host).Select(step => step.CarryAsync(_asker, budget, cancel)));
        return [.. all.SelectMany(each => each).OrderBy(each => each.Name).ThenBy(each => each.Target.Port)];
    }
}
