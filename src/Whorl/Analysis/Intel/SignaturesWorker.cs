using Whorl.Bus;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>Compares the fingerprints that capture and probes bring with the lists.</summary>
internal sealed class SignaturesWorker(IBus bus, SignatureLibrary library, SignatureMatcher matcher, TimeProvider clock) : BackgroundService, IHostedLifecycleService
{
    // The edge's requests are judged by rules, which know the same attributes; here they would only be counted twice.
    private static readonly string[] Families = ["probe", "tls", "quic", "dtls", "ssh"];

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (string family in Families)
        {
            await bus.SubscribeAsync(new($"signatures.{family}", $"{Topics.ObservationPrefix}{family}.*", Durable: true), TakeAsync, cancellationToken);
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(LookEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            library.Refresh();
        }
    }

    /// <summary>Tells what is known of a batch of observations.</summary>
    public async Task TakeAsync(BusMessage message, CancellationToken cancel)
    {
        if (!CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations))
        {
            throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");
        }

        Observation[] found = [.. observations.SelectMany(matcher.Match).DistinctBy(SignatureMatcher.KeyOf)];
        if (found.Length == 0)
        {
            return;
        }

        if (!await bus.PublishAsync(new(Topics.ObservationPrefix + FindingKinds.SignatureMatched, CloudEvents.WriteBatch(found), CloudEvents.BatchContentType), cancel))
        {
            throw new IOException($"The bus took no {FindingKinds.SignatureMatched}; its evidence is delivered again.");
        }

        matcher.Told(found);
    }
}
