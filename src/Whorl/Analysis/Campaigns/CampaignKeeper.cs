using Whorl.Analysis.Campaigns.Linking;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>
/// The engine with its tables. What it holds in memory is made of the tables at the first use, and again whenever a round was not written: memory is never ahead
/// of the store.
/// </summary>
internal sealed class CampaignKeeper(CampaignStore store, IgnoredFeatures ignored, CampaignsMetrics metrics, TimeProvider clock, ILogger<CampaignKeeper> logger) : IDisposable
{
    // Scans that a step names; one scan makes most of them.
    private const int MaxEvidence = 10;

    // Six seconds in all.
    private const int MaxTries = 5;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, string> _last = new(StringComparer.Ordinal);
    private CampaignEngine? _engine;
    private long _turn;

    public bool IsLoaded => _engine is not null;

    public int Sites => _engine?.Sites ?? 0;

    public int Campaigns => _engine?.Campaigns ?? 0;

    /// <summary>Takes scans; the steps that are to be told are returned when everything is committed. A scan that comes twice, or late, changes nothing.</summary>
    public async Task<IReadOnlyList<CampaignNews>> TakeAsync(IReadOnlyList<SiteSighting> sightings, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            try
            {
                return await TakeOnceAsync(sightings, cancel);
            }
            catch (OvertakenException)
            {
                CampaignsLog.Overtaken(logger);
                return await TakeOnceAsync(sightings, cancel);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads everything from the tables where that has not been done.</summary>
    public async Task<IReadOnlyList<CampaignNews>> LoadAsync(CancellationToken cancel) => await TakeAsync([], cancel);

    public void Dispose() => _gate.Dispose();

    private async Task<IReadOnlyList<CampaignNews>> TakeOnceAsync(IReadOnlyList<SiteSighting> sightings, CancellationToken cancel)
    {
        IReadOnlyList<CampaignNews> before = _engine is null ? await StartAsync(cancel) : [];
        CampaignEngine engine = _engine!;
        Dictionary<string, SiteSighting> counting = new(StringComparer.Ordinal), seen = new(StringComparer.Ordinal);
        Dictionary<string, VisitedPages> pages = await store.PagesAsync([.. sightings.Select(each => each.Site).Distinct()], cancel);
        foreach (SiteSighting sighting in sightings.OrderBy(each => each.Scan, StringComparer.Ordinal))
        {
            if (pages[sighting.Site].TryTake(sighting))
            {
                counting[sighting.Site] = sighting;
            }

            if (string.CompareOrdinal(sighting.Scan, _last.GetValueOrDefault(sighting.Site)) > 0)
            {
                seen[sighting.Site] = sighting;
            }
        }

        foreach ((string site, SiteSighting sighting) in counting.ToArray())
        {
            counting[site] = sighting with { Features = pages[site].Features() };
        }

        if (counting.Count == 0 && seen.Count == 0)
        {
            return before;
        }

        long work = engine.Work;
        GroupChanges changes = engine.Apply([.. counting.Values.Select(each => new SiteShown(each.Site, each.Features))]);
        Dictionary<string, ObservationId> evidence = new(StringComparer.Ordinal);
        foreach (SiteSighting sighting in counting.Values)
        {
            evidence[sighting.Site] = sighting.Evidence;
        }

        IReadOnlyList<CampaignNews> news = News(changes.Steps, evidence);
        await WriteAsync(new(Uuid7.Text(Uuid7.New(clock)), [.. counting.Values.Select(each => new SiteState(each, pages[each.Site].All))], [.. seen.Values], changes, news), cancel);
        foreach (SiteSighting sighting in seen.Values)
        {
            _last[sighting.Site] = sighting.Scan;
        }

        metrics.Taken(sightings.Count, engine.Work - work);
        return [.. before, .. news.Where(each => CampaignStore.IsTold(each.Step))];
    }

    /// <summary>Makes the engine of the tables. Where rules of linking have changed since, or features are ignored now, campaigns change here.</summary>
    private async Task<IReadOnlyList<CampaignNews>> StartAsync(CancellationToken cancel)
    {
        long begin = clock.GetTimestamp();
        KeptCampaigns kept = await store.LoadAsync(cancel);
        CampaignEngine engine = new(ignored.Contains, () => CampaignId.New(clock));
        GroupChanges all = engine.Apply([.. kept.Sites.Select(site => new SiteShown(site.Site, site.Features, site.Firm ? site.Campaign : null))], withLinks: false);
        _last.Clear();
        foreach (KeptSite site in kept.Sites)
        {
            _last.Add(site.Site, site.LastScan);
        }

        _turn = kept.Turn;
        _engine = engine;
        GroupChanges changes = Difference(kept, all);
        IReadOnlyList<CampaignNews> news = News(changes.Steps, new Dictionary<string, ObservationId>(StringComparer.Ordinal));
        if (changes.Moves.Count > 0 || changes.States.Count > 0 || changes.Steps.Count > 0)
        {
            await WriteAsync(new(Uuid7.Text(Uuid7.New(clock)), [], [], changes, news), cancel);
        }

        metrics.Holds(engine.Sites, engine.Campaigns);
        CampaignsLog.Loaded(logger, engine.Sites, engine.Features, engine.Campaigns, clock.GetElapsedTime(begin).TotalSeconds);
        return [.. news.Where(each => CampaignStore.IsTold(each.Step))];
    }

    /// <summary>What the tables do not say already.</summary>
    private static GroupChanges Difference(KeptCampaigns kept, GroupChanges all)
    {
        Dictionary<string, Move> moves = all.Moves.ToDictionary(move => move.Site, StringComparer.Ordinal);
        List<Move> different = [];
        foreach (KeptSite site in kept.Sites)
        {
            Move now = moves.GetValueOrDefault(site.Site) ?? new(site.Site, default, new(null, false, 0, -1), null);
            if (now.Now.Campaign != site.Campaign || now.Now.Firm != site.Firm || CampaignStore.Thousandths(now.Now.Strength) != site.Strength || now.Through != site.Through)
            {
                different.Add(now);
            }
        }

        GroupState[] states = [.. all.States.Where(state => !kept.Campaigns.TryGetValue(state.Id, out (int Sites, int Score) was) || was != (state.Sites, (int)CampaignStore.Thousandths(state.Score)))];
        GroupStep[] steps = [.. all.Steps.Where(step => step.Step is not (CampaignStep.Grown or CampaignStep.Shrunk))];
        return new(different, states, steps, [], []);
    }

    private async Task WriteAsync(CampaignWrite write, CancellationToken cancel)
    {
        try
        {
            _turn = await PersistAsync(write, cancel);
        }
        catch
        {
            // Whatever it was: what is in memory is not what is stored. The next scan begins with the tables.
            _engine = null;
            throw;
        }

        foreach (GroupStep step in write.Changes.Steps)
        {
            metrics.Stepped(step.Step);
        }

        metrics.Holds(Sites, Campaigns);
    }

    // To read everything again takes minutes where there are many sites; a lock, a busy file or a cut connection are gone in a moment.
    private async Task<long> PersistAsync(CampaignWrite write, CancellationToken cancel)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await store.WriteAsync(_turn, write, clock.GetUtcNow(), cancel);
            }
            catch (Exception fault) when (tries < MaxTries && StoreFault.IsTransient(fault))
            {
                CampaignsLog.WrittenAgain(logger, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(tries - 1), clock, cancel);
            }
        }
    }

    private List<CampaignNews> News(IReadOnlyList<GroupStep> steps, Dictionary<string, ObservationId> evidence)
    {
        List<CampaignNews> news = [];
        foreach (GroupStep step in steps)
        {
            ObservationId[] ids = [.. step.Joined.Where(evidence.ContainsKey).Select(site => evidence[site]).Take(MaxEvidence)];
            ids = ids.Length > 0 ? ids : [.. evidence.Values.Take(MaxEvidence)];
            news.Add(new(ObservationId.New(clock), step.Id, "", step.Step, step.Other, step.Sites, [.. step.Joined.Order(StringComparer.Ordinal).Take(MaxJoined)], clock.GetUtcNow(), string.Join(',', ids)));
        }

        return news;
    }

    // Names in one observation; a page shows the others.
    private const int MaxJoined = 50;
}
