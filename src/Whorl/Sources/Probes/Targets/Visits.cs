using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Targets;

/// <summary>Visits targets side by side: notes what will be sent, asks, hands over what was found, notes what came of it.</summary>
internal sealed class Visits
{
    // The outbox takes thousands a second; where it is full the bus is away, and there is time.
    private static readonly TimeSpan OutboxRest = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<PeerAddress, Task> _inWork = new();
    private readonly ProbesStore _store;
    private readonly IObservationSink _sink;
    private readonly ProbesOptions _options;
    private readonly ProbesMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<Visits> _log;
    private readonly ProbePlan _plan;
    private readonly Asker _asker;

    public Visits(ProbesStore store, IObservationSink sink, ProbeSet probes, OutboundGuard guard, IOptions<ProbesOptions> options, ProbesMetrics metrics, TimeProvider clock, ILogger<Visits> log)
    {
        (_store, _sink, _options, _metrics, _clock, _log) = (store, sink, options.Value, metrics, clock, log);
        _plan = new(probes, _options, ProbeWords.All);
        Limits = new(_options.Connections, _options.ConnectionsPerSecond, clock);
        _asker = new(Limits, guard, probes.Ports, _options.Timeout, _options.MaxKilobytes * 1024L, clock);
    }

    public ProbeLimits Limits { get; }

    public int InWork => _inWork.Count;

    /// <summary>Whom it visits now.</summary>
    public IEnumerable<PeerAddress> Targets => _inWork.Keys;

    /// <summary>Begins a visit; it goes on by itself.</summary>
    /// <param name="work">Ends it when the prober is told to stop.</param>
    public void Begin(DueTarget target, CancellationToken work, CancellationToken cancel)
    {
        TaskCompletionSource done = new();
        if (_inWork.TryAdd(target.Address, done.Task))
        {
            _ = CarryAsync(target, done, work, cancel);
        }
    }

    /// <summary>Ends when all visits have ended.</summary>
    public Task EndAsync() => Task.WhenAll(_inWork.Values);

    private async Task CarryAsync(DueTarget target, TaskCompletionSource done, CancellationToken work, CancellationToken cancel)
    {
        // What begins a visit goes on with the next one.
        await Task.Yield();
        try
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(work, cancel);
            await VisitAsync(target, either.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the lease is given back, and the target visited anew.
        }
        catch (Exception fault)
        {
            // One visit is lost and said; its lease runs out, and the target is visited anew.
            ProbesLog.VisitFailed(_log, fault);
        }
        finally
        {
            _inWork.TryRemove(target.Address, out _);
            done.SetResult();
        }
    }

    /// <summary>Visits one target from begin to end.</summary>
    public async Task VisitAsync(DueTarget target, CancellationToken cancel)
    {
        Guid visit = Uuid7.New(_clock);
        DateTimeOffset begun = _clock.GetUtcNow();
        List<ProbeStep> steps = [.. _plan.For(target.Address, 0, target.Address.ToString())];
        PlannedAsk[] planned = [.. steps.SelectMany(step => step.Names.Select(name => new PlannedAsk(step.Target.Port, name)))];
        await _store.BeginAsync(new(visit, target.Address, begun, _options.DryRun, planned), cancel);
        IReadOnlyList<Answered> answered = _options.DryRun ? [] : await AskAsync(target, steps, cancel);
        int silent = _options.DryRun || answered.Any(IsTelling) ? 0 : answered.Any(IsOurFault) ? target.Silent : target.Silent + 1;
        DateTimeOffset now = _clock.GetUtcNow();
        await _store.EndAsync(
            new(
                visit, target.Address, begun, now, [.. answered.Where(WasAsked).Select(each => new EndedAsk(each.Target.Port, each.Name, each.Result.Failure?.Word() ?? "answered", each.Sent))], silent,
                now + Schedule.After(_options, silent, Random.Shared.NextDouble()), now + Schedule.Spread(_options.RotatingInterval, Random.Shared.NextDouble())),
            cancel);
        _metrics.Visited();
    }

    private async Task<IReadOnlyList<Answered>> AskAsync(DueTarget target, List<ProbeStep> steps, CancellationToken cancel)
    {
        TargetLimits budget = new(_options.TargetConnections, _options.TargetConnectionsPerSecond, _clock);
        string reason = target.Visits == 0 ? target.Reason : "again";
        IReadOnlyList<Answered>[] all = await Task.WhenAll(steps.Select(async step =>
        {
            IReadOnlyList<Answered> answered = await step.CarryAsync(_asker, budget, cancel);
            foreach (Answered each in answered)
            {
                _metrics.Asked(each);
                await HandOverAsync(each, reason, cancel);
            }

            return answered;
        }));
        return [.. all.SelectMany(each => each)];
    }

    private async Task HandOverAsync(Answered answered, string reason, CancellationToken cancel)
    {
        foreach (Observation observation in FindingWriter.Observations(answered, reason, _store.Node, _clock))
        {
            while (!_sink.TryPublish(observation))
            {
                await Task.Delay(OutboxRest, _clock, cancel);
            }
        }
    }

    // A host on no link of ours is not asked for its link-local address.
    private static bool WasAsked(Answered answered) => answered.Sent > 0 || answered.Result.Failure is not null || answered.Result.Findings.Count > 0;

    // Who could not be asked was not silent.
    private static bool IsOurFault(Answered answered) => answered.Result.Failure == ProbeFailure.Local;

    private static bool IsTelling(Answered answered) => answered.Result.Failure is null && answered.Result.Findings.Any(finding => finding.Attributes.Get("tcp.state") != "closed");
}
