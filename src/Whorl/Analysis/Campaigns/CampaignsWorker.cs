using System.Data.Common;
using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>
/// Takes what scans show, and tells of campaigns once that is committed. A scan is acknowledged when it is stored; a process that dies before it has told leaves the
/// step marked, and whoever runs next tells it under the same id. Of several analysts one does it; the others look now and then whether it still does.
/// </summary>
internal sealed class CampaignsWorker(
    IBus bus, LinkerSeat seat, CampaignKeeper keeper, CampaignStore store, IOptions<CampaignsOptions> options, IOptions<NodeOptions> node, TimeProvider clock, ILogger<CampaignsWorker> logger)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly Subscription Scans = new("campaigns", Topics.ObservationPrefix + SiteKinds.Scan, Durable: true) { MaxTries = 10 };

    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(30);

    // What is younger is being published by the process that made it.
    private static readonly TimeSpan Abandoned = TimeSpan.FromSeconds(30);

    private IAsyncDisposable? _listening;
    private bool _standsBy;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.On)
        {
            return;
        }

        try
        {
            await LeadAsync(cancellationToken);
        }
        catch (Exception fault) when (IsPassing(fault))
        {
            CampaignsLog.SweepFailed(logger, fault);
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Listens while this analyst is the one that links sites; false where another is.</summary>
    public async Task<bool> LeadAsync(CancellationToken cancel)
    {
        if (await seat.HoldAsync(cancel))
        {
            if (_listening is null)
            {
                _listening = await bus.SubscribeAsync(Scans, TakeAsync, cancel);
                if (_standsBy)
                {
                    CampaignsLog.Leads(logger);
                }
            }

            _standsBy = false;
            return true;
        }

        if (_listening is { } listening)
        {
            _listening = null;
            await listening.DisposeAsync();
        }

        if (!_standsBy)
        {
            CampaignsLog.StandsBy(logger);
        }

        _standsBy = true;
        return false;
    }

    /// <summary>Publishes what somebody committed and did not live to publish.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        foreach (CampaignNews news in await store.UnpublishedAsync(clock.GetUtcNow() - Abandoned, cancel))
        {
            await PublishAsync(news, cancel);
        }
    }

    public async Task TakeAsync(BusMessage message, CancellationToken cancel)
    {
        if (!CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations))
        {
            throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");
        }

        SiteSighting[] sightings = [.. observations.Select(SiteSighting.In).OfType<SiteSighting>()];
        if (sightings.Length > 0)
        {
            await TellAsync(await keeper.TakeAsync(sightings, cancel), cancel);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.On)
        {
            return;
        }

        using PeriodicTimer timer = new(SweepEvery, clock);
        do
        {
            try
            {
                if (await LeadAsync(stoppingToken))
                {
                    await TellAsync(await keeper.LoadAsync(stoppingToken), stoppingToken);
                    await SweepAsync(stoppingToken);
                }
            }
            catch (Exception fault) when (IsPassing(fault))
            {
                CampaignsLog.SweepFailed(logger, fault);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static bool IsPassing(Exception fault) => fault is DbException or StoreException or IOException or TimeoutException or OvertakenException;

    private async Task TellAsync(IReadOnlyList<CampaignNews> all, CancellationToken cancel)
    {
        foreach (CampaignNews news in all)
        {
            await PublishAsync(news with { Label = await store.LabelAsync(news.Campaign, cancel) }, cancel);
        }
    }

    private async Task PublishAsync(CampaignNews news, CancellationToken cancel)
    {
        BusMessage message = new(Topics.ObservationPrefix + FindingKinds.CampaignChanged, CloudEvents.WriteBatch([Observe(news)]), CloudEvents.BatchContentType);
        if (await bus.PublishAsync(message, cancel))
        {
            await store.MarkPublishedAsync(news.Id, cancel);
        }
        else
        {
            CampaignsLog.NotPublished(logger, news.Id.ToString());
        }
    }

    private Observation Observe(CampaignNews news)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("campaign.id", news.Campaign.ToString());
            json.WriteString("campaign.what", news.Step switch { CampaignStep.Grown => "grown", CampaignStep.Merged => "merged", _ => "new" });
            json.WriteString("campaign.label", news.Label);
            json.WriteNumber("campaign.sites", news.Sites);
            if (news.Joined.Count > 0)
            {
                json.WriteString("campaign.joined", string.Join(',', news.Joined));
            }

            if (news.Other is { } other)
            {
                json.WriteString("campaign.other", other.ToString());
            }

            json.WriteString("evidence", news.Evidence);
            json.WriteEndObject();
        }

        return new(news.Id, FindingKinds.CampaignChanged, news.Time, node.Value.Name, Subject.Campaign(news.Campaign.ToString()), JsonSerializer.Deserialize<JsonElement>(text.ToArray()));
    }
}

/// <summary>Degraded until everything has been read from the store, where this analyst is the one that links sites.</summary>
internal sealed class CampaignsHealth(LinkerSeat seat, CampaignKeeper keeper, IOptions<CampaignsOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        !options.Value.On ? HealthCheckResult.Healthy("off here: Campaigns:On")
        : !seat.IsHeld ? HealthCheckResult.Healthy("stands by: another analyst links sites")
        : keeper.IsLoaded ? HealthCheckResult.Healthy($"{keeper.Sites} sites, {keeper.Campaigns} campaigns")
        : HealthCheckResult.Degraded("sites are being read from the store; scans wait"));
}
