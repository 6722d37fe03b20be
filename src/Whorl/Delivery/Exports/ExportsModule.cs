using Whorl.Bus;
using Whorl.Kernel;

namespace Whorl.Delivery.Exports;

/// <summary>Wires the exports: files that other systems read.</summary>
internal static class ExportsModule
{
    public static IHostApplicationBuilder AddExports(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<ExportsOptions, ExportsOptionsValidator>();
        builder.AddBus();
        builder.Services.AddSingleton<ExportsWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ExportsWorker>());
        builder.Services.AddHealthChecks().AddCheck<ExportsHealth>("exports", tags: ["ready"]);
        return builder;
    }
}
