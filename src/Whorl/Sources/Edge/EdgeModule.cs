using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Edge;

/// <summary>The edge: stands in front of web sites, judges every request, and carries what may pass.</summary>
internal static class EdgeModule
{
    public static IHostApplicationBuilder AddEdge(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<EdgeOptions, EdgeOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<EdgeOptions>, EdgeOptionsCheck>();
        builder.Services.AddSingleton<EdgeMetrics>().AddSingleton<EdgeWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EdgeWorker>());
        builder.Services.AddHealthChecks().AddCheck<EdgeHealth>("edge", tags: ["ready"]);
        return builder;
    }
}
