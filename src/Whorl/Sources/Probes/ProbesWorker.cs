using System.Data.Common;
using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;

namespace Whorl.Sources.Probes;

/// <summary>Runs the prober: listens for targets, follows logs, takes what is due and begins visits, tells how it is.</summary>
internal sealed class ProbesWorker(
    IBus bus, ProbesStore store, TargetFinder finder, Visits visits, ProberControl control, ProbeSet probes, OutboundGuard guard, IOptions<ProbesOptions> options, RunningRoles roles, ProbesMetrics metrics,
    TimeProvider clock, ILogger<ProbesWorker> log) : BackgroundService, IHostedLifecycleService
{
    /// <summary>How long a target is leased; renewed four times as often.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LogTick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(10);

    // Taken at once; more are taken with the next tick.
    private const int MaxClaim = 200;

    private readonly List<LogTail> _logs = [.. options.Value.Logs.Select(each => new LogTail(each.Path, each.Field, store, finder))];
    private bool _away;

    public bool StoreAway => _away;

    /// <summary>Whether it does nothing, because nobody asked for it by name.</summary>
    public bool IsOff => !roles.Named && !options.Value.On;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (IsOff)
        {
            ProbesLog.Off(log);
            return;
        }

        probes.ReadSignatures();
        if (!probes.HasRawPackets)
        {
            ProbesLog.NoRawPackets(log);
        }

        foreach (string kind in finder.Triggers)
        {
            await bus.SubscribeAsync(new($"prober.{kind}", Topics.ObservationPrefix + kind, Durable: true), finder.TakeAsync, cancellationToken);
        }

        await bus.SubscribeAsync(new("prober.rotations", Topics.ObservationPrefix + FindingKinds.Rotated, Durable: true), finder.TakeRotationAsync, cancellationToken);
        await bus.SubscribeAsync(new("prober.again", Topics.ProbeAgain, Durable: true), finder.TakeAgainAsync, cancellationToken);
        await bus.SubscribeAsync(new("prober.control", ProberControl.ControlTopic, Durable: false), control.TakeAsync, cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Dispose()
    {
        _logs.ForEach(tail => tail.Dispose());
        base.Dispose();
    }

    /// <summary>Takes what is due, as far as there is room, and begins to visit it; true where more may be due.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        int room = Math.Min(options.Value.TargetsAtOnce - visits.InWork, MaxClaim);
        if (control.State != ProberState.Running || room <= 0)
        {
            return false;
        }

        IReadOnlyList<DueTarget> due = await store.ClaimAsync(room, Lease, cancel);
        CancellationToken work = control.Work;
        foreach (DueTarget target in due)
        {
            visits.Begin(target, work, cancel);
        }

        return due.Count == room;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (IsOff)
        {
            return;
        }

        try
        {
            await BeginAsync(stoppingToken);
            await Task.WhenAll(
                EveryAsync(Tick, StepAsync, stoppingToken), EveryAsync(LogTick, FollowAsync, stoppingToken), EveryAsync(Beat, BeatAsync, stoppingToken), EveryAsync(TrimEvery, TrimAsync, stoppingToken));
        }
        catch (OperationCanceledException)
        {
            await visits.EndAsync();
            await GiveBackAsync();
        }
    }

    private async Task BeginAsync(CancellationToken cancel)
    {
        while (!await TryAsync(async () =>
        {
            // What this node had in work when it was killed is due at once.
            await store.ReleaseAsync(cancel);
            await control.ResumeAsync(cancel);
            QueueCounts counts = await store.CountAsync(cancel);
            ProbesLog.Begins(log, counts.Known, counts.Due, (options.Value.DryRun ? "; a dry run: nothing is sent" : "") + (control.State == ProberState.Running ? "" : $"; {control.State}, as it was told"));
            return false;
        }))
        {
            await Task.Delay(LogTick, clock, cancel);
        }
    }

    private async Task GiveBackAsync()
    {
        try
        {
            await store.ReleaseAsync(CancellationToken.None);
        }
        catch (Exception fault) when (fault is DbException or StoreException or IOException)
        {
            // The leases run out by themselves.
            ProbesLog.StoreAway(log, fault.Message);
        }
    }

    private async Task EveryAsync(TimeSpan interval, Func<CancellationToken, Task<bool>> step, CancellationToken cancel)
    {
        using PeriodicTimer timer = new(interval, clock);
        do
        {
            while (await TryAsync(() => step(cancel), whenTrue: true))
            {
                cancel.ThrowIfCancellationRequested();
            }
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }

    /// <summary>Does something with the store; what it gave where <paramref name="whenTrue"/>, else whether it could be done.</summary>
    private async Task<bool> TryAsync(Func<Task<bool>> step, bool whenTrue = false)
    {
        try
        {
            bool result = await step();
            if (_away)
            {
                _away = false;
                ProbesLog.StoreBack(log);
            }

            return !whenTrue || result;
        }
        catch (Exception fault) when (StoreFault.IsTransient(fault))
        {
            if (!_away)
            {
                _away = true;
                ProbesLog.StoreAway(log, fault.Message);
            }

            return false;
        }
        catch (DbException fault)
        {
            ProbesLog.StepFailed(log, fault);
            return false;
        }
    }

    private async Task<bool> FollowAsync(CancellationToken cancel)
    {
        bool more = false;
        foreach (LogTail tail in _logs)
        {
            bool wasAway = tail.Fault is not null;
            more |= await tail.StepAsync(cancel);
            if (tail.Fault is { } fault && !wasAway)
            {
                ProbesLog.LogAway(log, tail.Path, fault);
            }
        }

        return more;
    }

    private async Task<bool> BeatAsync(CancellationToken cancel)
    {
        await store.RenewAsync(visits.Targets, Lease, cancel);
        QueueCounts counts = await store.CountAsync(cancel);
        metrics.Now(counts.Known, counts.Due, visits.InWork);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, object>
            {
                ["node"] = store.Node,
                ["time"] = clock.GetUtcNow(),
                ["state"] = control.State.ToString().ToLowerInvariant(),
                ["dry_run"] = options.Value.DryRun,
                ["raw_packets"] = probes.HasRawPackets,
                ["targets"] = counts.Known,
                ["due"] = counts.Due,
                ["working"] = visits.InWork,
                ["connections"] = visits.Limits.Connections.Taken,
                ["fault"] = guard.Fault ?? "",
            });
        await bus.PublishAsync(new(ProberControl.HealthTopic, body, "application/json"), cancel);
        return false;
    }

    private async Task<bool> TrimAsync(CancellationToken cancel)
    {
        if (await store.TrimAsync(cancel) is > 0 and int count)
        {
            ProbesLog.Trimmed(log, count);
        }

        return false;
    }
}

/// <summary>Degraded while the store is away or a list of those who are left alone cannot be applied; otherwise says what the prober does.</summary>
internal sealed class ProbesHealth(ProbesWorker worker, ProberControl control, Visits visits, OutboundGuard guard) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        worker.IsOff ? HealthCheckResult.Healthy("off: it is started by name, or with Probes:On")
        : worker.StoreAway ? HealthCheckResult.Degraded("the store is away: no target is taken")
        : guard.Fault is { } fault ? HealthCheckResult.Degraded(fault)
        : HealthCheckResult.Healthy($"{control.State.ToString().ToLowerInvariant()}, {visits.InWork} targets in work"));
}
