using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Whorl.Analysis.Rules;

/// <summary>Degraded while the newest rules files are not in force: requests are judged, but not by what the operator wrote last.</summary>
internal sealed class RulesHealth(RuleLibrary library) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        RuleState state = library.State;
        return Task.FromResult(state.Faults.Count == 0
            ? HealthCheckResult.Healthy($"{state.Rules.Count} rules")
            : HealthCheckResult.Degraded($"{state.Faults.Count} faults in rules files, first {state.Faults[0]}"));
    }
}
