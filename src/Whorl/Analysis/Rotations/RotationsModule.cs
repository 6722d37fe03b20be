using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Rotations;

/// <summary>Wires rotations: did somebody change clothes?</summary>
internal static class RotationsModule
{
    /// <summary>Keeps what probes see, and tells of changes.</summary>
    public static IHostApplicationBuilder AddRotations(this IHostApplicationBuilder builder)
    {
        builder.AddRotationsReader();
        builder.AddBus();
        builder.Services.AddSingleton<RotationsMetrics>();
        builder.Services.AddHostedService<RotationsWorker>();
        return builder;
    }

    /// <summary>The store alone, for a node that shows them.</summary>
    public static IHostApplicationBuilder AddRotationsReader(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(RotationStore)))
        {
            return builder;
        }

        builder.AddStores();
        builder.AddModuleOptions<RotationsOptions, RotationsOptionsValidator>();
        builder.Services.AddSingleton(RotationTables.Migrations);
        builder.Services.AddSingleton<RotationStore>();
        return builder;
    }
}
