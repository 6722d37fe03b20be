using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Journal;

/// <summary>Wires the journal: reading for those who show, and writing with <see cref="AddJournal"/>.</summary>
internal static class JournalModule
{
    /// <summary>Stores what the bus brings.</summary>
    public static IHostApplicationBuilder AddJournal(this IHostApplicationBuilder builder)
    {
        builder.AddJournalReader();
        builder.AddBus();
        if (!builder.Services.Any(service => service.ImplementationType == typeof(JournalWorker)))
        {
            builder.Services.AddHostedService<JournalWorker>();
        }

        return builder;
    }

    /// <summary>The store alone, for a node that shows observations and leaves storing them to another.</summary>
    public static IHostApplicationBuilder AddJournalReader(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(JournalStore)))
        {
            return builder;
        }

        builder.AddStores();
        builder.AddModuleOptions<JournalOptions, JournalOptionsValidator>();
        builder.Services.AddSingleton(JournalTables.Migrations);
        builder.Services.AddSingleton<JournalStore>();
        return builder;
    }
}
