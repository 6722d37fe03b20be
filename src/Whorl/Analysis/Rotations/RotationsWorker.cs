using System.Data.Common;
using System.Text;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Rotations;

/// <summary>
/// Takes what probes bring, and publishes the rotations it amounts to once they are committed. A process that dies between the two leaves
/// them marked as not published, and whoever runs next publishes them under the same id.
/// </summary>
internal sealed class RotationsWorker(
    IBus bus, RotationStore store, RotationsMetrics metrics, IOptions<NodeOptions> node, TimeProvider clock, ILogger<RotationsWorker> logger)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly Subscription Probes = new("rotations", Topics.ObservationPrefix + "probe.*", Durable: true) { MaxTries = 10 };

    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(30);

    // What is younger is being published by the process that made it.
    private static readonly TimeSpan Abandoned = TimeSpan.FromSeconds(30);

    public async Task StartingAsync(CancellationToken cancellationToken) => await bus.SubscribeAsync(Probes, TakeAsync, cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Publishes what somebody committed and did not live to publish.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        foreach (Rotation rotation in await store.UnpublishedAsync(clock.GetUtcNow() - Abandoned, cancel))
        {
            await PublishAsync(rotation, cancel);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(SweepEvery, clock);
        do
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is DbException or StoreException or IOException or TimeoutException)
            {
                RotationsLog.SweepFailed(logger, fault);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TakeAsync(BusMessage message, CancellationToken cancel)
    {
        if (!CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations))
        {
            throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");
        }

        List<Sighting> sightings = [.. observations.SelectMany(Sighting.In)];
        if (sightings.Count == 0)
        {
            return;
        }

        Recorded recorded = await store.RecordAsync(sightings, cancel);
        metrics.Sighted(sightings.Count);
        foreach (Rotation rotation in recorded.Rotations)
        {
            metrics.Declared(rotation);
            await PublishAsync(rotation, cancel);
        }

        // A prober that hears this asks again at once; without one, the next visit tells.
        foreach (PeerAddress address in recorded.Doubtful.Select(sighting => sighting.Address).Distinct())
        {
            await bus.PublishAsync(new(Topics.ProbeAgain, Encoding.ASCII.GetBytes(address.ToString()), "text/plain"), cancel);
        }
    }

    private async Task PublishAsync(Rotation rotation, CancellationToken cancel)
    {
        BusMessage message = new(Topics.ObservationPrefix + FindingKinds.Rotated, CloudEvents.WriteBatch([rotation.ToObservation(node.Value.Name)]), CloudEvents.BatchContentType);
        if (await bus.PublishAsync(message, cancel))
        {
            await store.MarkPublishedAsync(rotation.Id, cancel);
        }
        else
        {
            RotationsLog.NotPublished(logger, rotation.Id.ToString());
        }
    }
}
