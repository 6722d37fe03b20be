using Whorl.Bus;
using Whorl.Stores;

namespace Whorl.Analysis.Identities;

/// <summary>Wires identities: who touched a decoy, and what they showed.</summary>
internal static class IdentitiesModule
{
    public static IHostApplicationBuilder AddIdentities(this IHostApplicationBuilder builder)
    {
        builder.AddIdentitiesReader();
        builder.AddBus();
        builder.Services.AddHostedService<IdentitiesWorker>();
        return builder;
    }

    /// <summary>The store alone, for a node that shows them.</summary>
    public static IHostApplicationBuilder AddIdentitiesReader(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(IdentityStore)))
        {
            return builder;
        }

        builder.AddStores();
        builder.Services.AddSingleton(IdentityStore.Migrations);
        builder.Services.AddSingleton<IdentityStore>();
        return builder;
    }
}
