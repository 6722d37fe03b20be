using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Targets;

/// <summary>
/// Visits targets side by side: notes what will be sent, asks, hands over what was found, notes what came of it. A visit is done only once the bus has
/// taken charge of all it found; one that is broken off before that is made anew.
/// </summary>
internal sealed class Visits
{
    // A bus that takes nothing has reached every bound it has, which takes long and is not over at once; what some queues took already they are offered again.
    private static readonly TimeSpan BusRest = TimeSpan.FromSeconds(1);

    // A message and a row of the journal: as many as fit well into both.
    private const int MaxBatch = 256;

    private readonly ConcurrentDictionary<PeerAddress, Task> _inWork = new();
    private readonly ProbesStore _store;
    private readonly IBus _bus;
    private readonly ProbesOptions _options;
    private readonly ProbesMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<Visits> _log;
    private readonly ProbePlan _plan;
    private readonly Asker _asker;

    public Visits(ProbesStore store, IBus bus, ProbeSet probes, OutboundGuard guard, IOptions<ProbesOptions> options, ProbesMetrics metrics, TimeProvider clock, ILogger<Visits> log)
    {
        (_store, _bus, _options, _metrics, _clock, _log) = (store, bus, options.Value, metrics, clock, log);
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
        List<Observation> found = [];
        IReadOnlyList<Answered> answered = _options.DryRun ? [] : await AskAsync(target, steps, found, cancel);
        await PublishAsync(found, cancel);
        int silent = _options.DryRun || answered.Any(IsTelling) ? 0 : answered.Any(IsOurFault) ? target.Silent : target.Silent + 1;
        DateTimeOffset now = _clock.GetUtcNow();
        await _store.EndAsync(
            new(
                visit, target.Address, begun, now, [.. answered.Where(WasAsked).Select(each => new EndedAsk(each.Target.Port, each.Name, each.Result.Failure?.Word() ?? "answered", each.Sent))], silent,
                now + Schedule.After(_options, silent, Random.Shared.NextDouble()), now + Schedule.Spread(_options.RotatingInterval, Random.Shared.NextDouble())),
            cancel);
        _metrics.Visited();
    }

    private async Task<IReadOnlyList<Answered>> AskAsync(DueTarget target, List<ProbeStep> steps, List<Observation> found, CancellationToken cancel)
    {
        TargetLimits budget = new(_options.TargetConnections, _options.TargetConnectionsPerSecond, _clock);
        string reason = target.Visits == 0 ? target.Reason : "again";
        IReadOnlyList<Answered>[] all = await Task.WhenAll(steps.Select(async step =>
        {
            IReadOnlyList<Answered> answered = await step.CarryAsync(_asker, budget, cancel);
            foreach (Answered each in answered)
            {
                _metrics.Asked(each);
            }

            // Made here, with the time at which it was seen; published with what the other steps find.
            lock (found)
            {
                found.AddRange(answered.SelectMany(each => FindingWriter.Observations(each, reason, _store.Node, _clock)));
            }

            return answered;
        }));
        return [.. all.SelectMany(each => each)];
    }

    private async Task PublishAsync(List<Observation> found, CancellationToken cancel)
    {
        foreach (Observation[] some in found.GroupBy(each => each.Kind).SelectMany(kind => kind.Chunk(MaxBatch)))
        {
            BusMessage message = new(Topics.ObservationPrefix + some[0].Kind, CloudEvents.WriteBatch(some), CloudEvents.BatchContentType);
            while (!await _bus.PublishAsync(message, cancel))
            {
                await Task.Delay(BusRest, _clock, cancel);
            }
        }
    }

    // A host on no link of ours is not asked for its link-local address.
    private static bool WasAsked(Answered answered) => answered.Sent > 0 || answered.Result.Failure is not null || answered.Result.Findings.Count > 0;

    // Who could not be asked was not silent.
    private static bool IsOurFault(Answered answered) => answered.Result.Failure == ProbeFailure.Local;

    private static bool IsTelling(Answered answered) => answered.Result.Failure is null && answered.Result.Findings.Any(finding => finding.Attributes.Get("tcp.state") != "closed");
}
