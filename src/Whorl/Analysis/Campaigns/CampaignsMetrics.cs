using System.Diagnostics.Metrics;

namespace Whorl.Analysis.Campaigns;

/// <summary>What campaigns count.</summary>
internal sealed class CampaignsMetrics
{
    private readonly Counter<long> _scans;
    private readonly Counter<long> _steps;
    private readonly Counter<long> _work;
    private int _sites;
    private int _campaigns;

    public CampaignsMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("Whorl.Campaigns");
        _scans = meter.CreateCounter<long>("whorl.campaign.take", "{scan}", "Scans that were linked.");
        _steps = meter.CreateCounter<long>("whorl.campaign.change", "{change}", "Steps of campaigns.");
        _work = meter.CreateCounter<long>("whorl.campaign.compare", "{pair}", "Pairs of sites and of fuzzy values that were looked at.");
        meter.CreateObservableGauge("whorl.campaign.sites", () => _sites, "{site}", "Sites that are linked.");
        meter.CreateObservableGauge("whorl.campaign.count", () => _campaigns, "{campaign}", "Campaigns.");
    }

    public void Taken(int scans, long work)
    {
        _scans.Add(scans);
        _work.Add(work);
    }

    public void Stepped(CampaignStep step) => _steps.Add(1, new KeyValuePair<string, object?>("step", step.ToString().ToLowerInvariant()));

    public void Holds(int sites, int campaigns) => (_sites, _campaigns) = (sites, campaigns);
}
