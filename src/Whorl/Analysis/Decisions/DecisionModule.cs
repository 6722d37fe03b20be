using Microsoft.Extensions.Diagnostics.HealthChecks;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions;

/// <summary>Wires stored decisions: needs the stores and the bus.</summary>
internal static class DecisionModule
{
    public static IHostApplicationBuilder AddDecisions(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(DecisionStore)))
        {
            return builder;
        }

        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddModuleOptions<DecisionsOptions, DecisionsOptionsValidator>();
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(DecisionStore.Migrations);
        builder.Services.AddSingleton<DecisionMetrics>();
        builder.Services.AddSingleton<DecisionStore>();
        builder.Services.AddSingleton<DecisionReplica>();
        builder.Services.AddSingleton<IDecisionLookup>(services => services.GetRequiredService<DecisionReplica>());
        builder.Services.AddSingleton<DecisionWriter>();
        builder.Services.AddSingleton<IDecisionWriter>(services => services.GetRequiredService<DecisionWriter>());
        builder.Services.AddHostedService<DecisionFollower>();
        builder.Services.AddHealthChecks().AddCheck<DecisionHealth>("decisions", tags: ["ready"]);
        return builder;
    }
}

/// <summary>Ready once decisions are loaded; degraded while the store is away.</summary>
internal sealed class DecisionHealth(DecisionReplica replica) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        !replica.Loaded ? HealthCheckResult.Unhealthy("Decisions are not loaded yet.")
        : replica.Current ? HealthCheckResult.Healthy()
        : HealthCheckResult.Degraded("The store does not answer: the decisions at hand stay in force."));
}
