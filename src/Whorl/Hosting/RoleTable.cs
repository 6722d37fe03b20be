using Whorl.Analysis.Decisions;
using Whorl.Analysis.Identities;
using Whorl.Analysis.Intel;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rotations;
using Whorl.Analysis.Rules;
using Whorl.Analysis.Scoring;
using Whorl.Bus;
using Whorl.Delivery.Api;
using Whorl.Delivery.Exports;
using Whorl.Delivery.WebConsole;
using Whorl.Hosting.Configuration;
using Whorl.Sources.Capture;
using Whorl.Sources.Decoys;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Connections;
using Whorl.Sources.Probes;
using Whorl.Sources.Sites;
using Whorl.Stores;

namespace Whorl.Hosting;

/// <summary>Which modules each role is made of: the one place where roles and modules meet.</summary>
internal static class RoleTable
{
    // Hosted services start in this order and stop in the reverse: what others write to comes first.
    private static readonly Func<IHostApplicationBuilder, IHostApplicationBuilder>[] Base = [StoresModule.AddStores, BusModule.AddBus];

    public static IReadOnlyList<Role> All { get; } =
    [
        new("analyst", "keep observations, and find what follows from them", [.. Base, JournalModule.AddJournal, RotationsModule.AddRotations, IntelModule.AddIntel, IdentitiesModule.AddIdentities, ExportsModule.AddExports]),
        new("edge", "stand in front of web sites", [.. Base, DecisionModule.AddDecisions, RulesModule.AddRules, ScoringModule.AddScoring, ConnectionsModule.AddConnections, EdgeModule.AddEdge]),
        new("capture", "see who talks on a network, and with what", [.. Base, CaptureModule.AddCapture]),
        new("decoy", "pretend services on addresses of their own", [.. Base, DecoysModule.AddDecoys]),
        new("prober", "ask back who touched a decoy or was captured", [.. Base, DecisionModule.AddDecisions, ProbesModule.AddProbes]),
        new("sites", "visit web sites again and again", [.. Base, DecisionModule.AddDecisions, SitesModule.AddSites]),
        new("console", "pages and API for people and systems", [.. Base, DecisionModule.AddDecisions, JournalModule.AddJournalReader, ApiModule.AddApi, ConsoleModule.AddConsole]),
    ];

    /// <summary>Roles by name, comma-separated lists allowed; all of them where no name is given.</summary>
    public static IReadOnlyList<Role> Select(IReadOnlyList<string> names)
    {
        string[] wanted = [.. names.SelectMany(name => name.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];
        string[] unknown = [.. wanted.Where(name => !All.Any(role => role.Name == name))];
        return unknown.Length > 0
            ? throw new ConfigurationException($"--roles: no such role: {string.Join(", ", unknown)}; there are {string.Join(", ", All.Select(role => role.Name))}")
            : wanted.Length == 0 ? All : [.. All.Where(role => wanted.Contains(role.Name, StringComparer.Ordinal))];
    }
}
