using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;

namespace Whorl.Sources.Probes;

/// <summary>Wires the prober: asks back whoever showed itself.</summary>
internal static class ProbesModule
{
    public static IHostApplicationBuilder AddProbes(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(ProbesWorker)))
        {
            return builder;
        }

        builder.AddProbesReader();
        builder.AddBus();
        builder.AddOutboundGuard();
        builder.Services.AddSingleton<ProbesMetrics>().AddSingleton<TargetFinder>().AddSingleton<ProberControl>().AddSingleton<Visits>();
        builder.Services.AddSingleton(services => new ProbeSet(
            services.GetRequiredService<IOptions<ProbesOptions>>().Value, new SourcePorts(services.GetRequiredService<IOptions<NodeOptions>>().Value.ProbePorts)));
        builder.Services.AddSingleton<ProbesWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ProbesWorker>());
        builder.Services.AddHealthChecks().AddCheck<ProbesHealth>("prober", tags: ["ready"]);
        builder.Services.AddSingleton<IDoctorCheck, ProbesDoctor>();
        return builder;
    }

    /// <summary>The store alone, for a node that shows the queue and the audit.</summary>
    public static IHostApplicationBuilder AddProbesReader(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(ProbesStore)))
        {
            return builder;
        }

        builder.AddStores();
        builder.AddProbesOptions();
        builder.Services.AddSingleton(ProbesTables.Migrations);
        builder.Services.AddSingleton<ProbesStore>();
        return builder;
    }

    /// <summary>The options alone, for whoever asks once and keeps nothing.</summary>
    public static IHostApplicationBuilder AddProbesOptions(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddModuleOptions<ProbesOptions, ProbesOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<ProbesOptions>, ProbesOptionsCheck>();
        return builder;
    }
}
