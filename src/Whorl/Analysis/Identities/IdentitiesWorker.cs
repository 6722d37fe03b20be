using Whorl.Bus;
using Whorl.Kernel;

namespace Whorl.Analysis.Identities;

/// <summary>Keeps what observations say of those who touched a decoy, were probed, or were recognised.</summary>
internal sealed class IdentitiesWorker(IBus bus, IdentityStore store, TimeProvider clock) : IHostedLifecycleService
{
    private static readonly Subscription Observations = new("identities", Topics.ObservationPrefix + "#", Durable: true) { MaxTries = 10 };

    // A scan says the same thing a thousand times a second; to the store it is said once in this time.
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    // Bounds the memory of that.
    private const int MaxRecent = 65_536;

    private readonly Dictionary<(PeerAddress, string, string), DateTimeOffset> _recent = [];

    public async Task StartingAsync(CancellationToken cancellationToken) => await bus.SubscribeAsync(Observations, TakeAsync, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task TakeAsync(BusMessage message, CancellationToken cancel)
    {
        ReadOnlySpan<char> kind = message.Topic.AsSpan(Topics.ObservationPrefix.Length);
        bool concerns = kind.StartsWith("probe.") || kind.StartsWith("fingerprint.") || kind.StartsWith("signature.");

        // Most of what is seen is a site's visitors; looking for the one word is much cheaper than reading them.
        if (!concerns && message.Body.Span.IndexOf("\"decoy\""u8) < 0)
        {
            return;
        }

        if (!CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations))
        {
            throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");
        }

        AddressFact[] news = [.. observations.SelectMany(AddressFact.In).Where(IsNews)];
        if (news.Length == 0)
        {
            return;
        }

        await store.RecordAsync(news, cancel);
        DateTimeOffset now = clock.GetUtcNow();
        if (_recent.Count + news.Length > MaxRecent)
        {
            _recent.Clear();
        }

        foreach (AddressFact fact in news)
        {
            _recent[(fact.Address, fact.Kind, fact.Value)] = now;
        }
    }

    private bool IsNews(AddressFact fact) => !_recent.TryGetValue((fact.Address, fact.Kind, fact.Value), out DateTimeOffset told) || clock.GetUtcNow() - told >= Quiet;
}
