using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores;

/// <summary>Wires the system of record.</summary>
internal static class StoresModule
{
    public static IHostApplicationBuilder AddStores(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(IDatabase)))
        {
            return builder;
        }

        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddModuleOptions<StoreOptions, StoreOptionsValidator>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IDatabase>(services => Open(
            services.GetRequiredService<IOptions<StoreOptions>>().Value,
            services.GetRequiredService<IOptions<NodeOptions>>().Value,
            services.GetServices<MigrationSet>(),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<StoreMetrics>();
        builder.Services.AddSingleton<BatchWriters>();
        builder.Services.AddSingleton<IDoctorCheck, StoreDoctor>();
        builder.Services.AddHealthChecks().AddCheck<StoreHealth>("store", tags: ["ready"]);
        return builder;
    }

    private static IDatabase Open(StoreOptions options, NodeOptions node, IEnumerable<MigrationSet> sets, TimeProvider clock) =>
        options.Provider == StoreProvider.Sqlite
            ? new SqliteDatabase(options.FileFor(node), sets, clock)
            : new PostgresDatabase(options.ReadConnectionString(), sets, clock);
}
