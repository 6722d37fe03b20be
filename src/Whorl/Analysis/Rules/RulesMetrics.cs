using System.Diagnostics.Metrics;

namespace Whorl.Analysis.Rules;

internal sealed class RulesMetrics
{
    public const string MeterName = "Whorl.Rules";

    private readonly Counter<long> _reloads;

    public RulesMetrics(IMeterFactory meters)
    {
        _reloads = meters.Create(MeterName).CreateCounter<long>("whorl.rules.reload", "{reload}", "Changes of rules files, by whether they were taken.");
    }

    public void Reloaded(bool taken) => _reloads.Add(1, new KeyValuePair<string, object?>("outcome", taken ? "taken" : "refused"));
}
