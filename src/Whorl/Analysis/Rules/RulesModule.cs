using Microsoft.Extensions.DependencyInjection.Extensions;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules;

internal static class RulesModule
{
    public static IHostApplicationBuilder AddRules(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<RulesOptions, RulesOptionsValidator>();
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<RulesMetrics>().AddSingleton<RuleLibrary>().AddHostedService<RulesWorker>();
        builder.Services.AddHealthChecks().AddCheck<RulesHealth>("rules", tags: ["ready"]);
        return builder;
    }
}
