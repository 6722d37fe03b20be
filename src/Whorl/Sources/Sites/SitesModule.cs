using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Sources.Sites.Convex;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Stores;

namespace Whorl.Sources.Sites;

/// <summary>Wires visits to web sites.</summary>
internal static class SitesModule
{
    /// <summary>The worker, with all it needs.</summary>
    public static IHostApplicationBuilder AddSites(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(SitesWorker)))
        {
            return builder;
        }

        builder.AddSitesReader();
        builder.AddBus();
        builder.AddFetching();
        builder.Services.AddSingleton<SitesMetrics>().AddSingleton<ScanTeller>().AddSingleton<Visits>().AddSingleton<SitesWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SitesWorker>());
        builder.Services.AddHealthChecks().AddCheck<SitesHealth>("sites", tags: ["ready"]);
        builder.Services.AddSingleton<IDoctorCheck, SitesDoctor>();
        return builder;
    }

    /// <summary>The records alone, for a node that shows jobs and scans, and for verbs.</summary>
    public static IHostApplicationBuilder AddSitesReader(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(IJobSource)))
        {
            return builder;
        }

        builder.AddStores();
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddModuleOptions<SitesOptions, SitesOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<SitesOptions>, SitesOptionsCheck>();
        builder.Services.AddSingleton(SitesTables.Migrations);
        builder.Services.AddSingleton<SqlScans>().AddSingleton<SqlRecords>().AddSingleton<Politeness>();
        builder.Services.AddSingleton(services => FileRecordsOf(services.GetRequiredService<IOptions<SitesOptions>>().Value, services));
        builder.Services.AddSingleton(services => new ConvexClient(services.GetRequiredService<IOptions<SitesOptions>>().Value.Convex, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<ConvexRecords>();
        builder.Services.TryAddSingleton(new ScanFeatureReader(Scans.ScanFeatures.Of));
        builder.Services.AddSingleton<IJobSource>(services => services.GetRequiredService<IOptions<SitesOptions>>().Value.JobSource switch
        {
            RecordSystem.File => services.GetRequiredService<FileRecords>(),
            RecordSystem.Convex => services.GetRequiredService<ConvexRecords>(),
            _ => services.GetRequiredService<SqlRecords>(),
        });
        builder.Services.AddSingleton<IResultSink>(services => services.GetRequiredService<IOptions<SitesOptions>>().Value.ResultSink switch
        {
            RecordSystem.File => services.GetRequiredService<FileRecords>(),
            RecordSystem.Convex => services.GetRequiredService<ConvexRecords>(),
            _ => services.GetRequiredService<SqlRecords>(),
        });
        return builder;
    }

    private static FileRecords FileRecordsOf(SitesOptions options, IServiceProvider services) => new(
        options.JobSource == RecordSystem.File ? options.Jobs.File : null, options.ResultSink == RecordSystem.File ? options.Results.File : null,
        services.GetRequiredService<ScanFeatureReader>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<FileRecords>>());
}
