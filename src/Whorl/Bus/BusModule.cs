using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Whorl.Bus.RabbitMq;
using Whorl.Kernel;

namespace Whorl.Bus;

/// <summary>Wires the bus and the outbox for observations.</summary>
internal static class BusModule
{
    public static IHostApplicationBuilder AddBus(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(IBus)))
        {
            return builder;
        }

        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddModuleOptions<BusOptions, BusOptionsValidator>();
        builder.Services.AddMetrics();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<BusMetrics>();
        builder.Services.AddSingleton<IBusEngine>(services =>
            services.GetRequiredService<IOptions<BusOptions>>().Value.Provider == BusProvider.RabbitMq
                ? ActivatorUtilities.CreateInstance<RabbitBus>(services)
                : ActivatorUtilities.CreateInstance<ChannelBus>(services));
        builder.Services.AddSingleton<IBus>(services => services.GetRequiredService<IBusEngine>());
        builder.Services.AddSingleton<ObservationOutbox>();
        builder.Services.AddSingleton<IObservationSink>(services => services.GetRequiredService<ObservationOutbox>());
        builder.Services.AddHostedService<BusWorker>();
        builder.Services.AddSingleton<IDoctorCheck, BusDoctor>();
        builder.Services.AddHealthChecks().AddCheck<BusHealth>("bus", tags: ["ready"]);
        return builder;
    }
}
