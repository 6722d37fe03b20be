using Microsoft.Extensions.Options;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules;

/// <summary>What the rules on disk are like now.</summary>
/// <param name="Rules">The rules in force.</param>
/// <param name="Faults">Why the newest files are not in force; empty where they are.</param>
/// <param name="LoadedAt">When the rules in force were read.</param>
internal sealed record RuleState(RuleSet Rules, IReadOnlyList<ContentFault> Faults, DateTimeOffset LoadedAt);

/// <summary>
/// Holds the rules in force and takes up changes of their files. A new set replaces the old one whole or, where any file has a fault, not at
/// all. Only at start, when there is no old set, files with faults are left out and the others taken.
/// </summary>
internal sealed class RuleLibrary
{
    private readonly IReadOnlyList<string> _paths;
    private readonly TimeProvider _clock;
    private readonly ILogger<RuleLibrary> _logger;
    private readonly RulesMetrics _metrics;
    private readonly Lock _loading = new();
    private volatile RuleState _state;
    private string? _loaded;
    private string? _seen;

    public RuleLibrary(IOptions<RulesOptions> options, IOptions<NodeOptions> node, TimeProvider clock, RulesMetrics metrics, ILogger<RuleLibrary> logger)
    {
        _paths = options.Value.PathsFor(node.Value.Data);
        _clock = clock;
        _logger = logger;
        _metrics = metrics;
        _state = new(RuleSet.Empty, [], clock.GetUtcNow());
        Start();
    }

    public RuleSet Current => _state.Rules;

    public RuleState State => _state;

    /// <summary>
    /// Looks whether files changed, and loads them once they stood still since the last look, so that a file is not read while it is being
    /// written. True where new rules came into force.
    /// </summary>
    public bool Refresh()
    {
        lock (_loading)
        {
            string stamp;
            try
            {
                stamp = RuleFiles.Stamp(_paths);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Folders change under our feet; the next look will tell.
                RulesLog.LookFailed(_logger, exception.Message);
                return false;
            }

            bool settled = stamp == _seen;
            _seen = stamp;
            return settled && stamp != _loaded && Load(stamp);
        }
    }

    private void Start()
    {
        List<ContentFault> faults = [];
        _loaded = _seen = RuleFiles.Stamp(_paths);
        IReadOnlyList<RuleText> texts = RuleFiles.Read(_paths, faults);
        RuleSource source = RuleReader.Read(texts);
        faults.AddRange(source.Faults);
        while (source.Faults.Count > 0)
        {
            // Leaving one file out may leave another one without its lists; each turn drops at least one file.
            texts = [.. texts.Where(text => source.Faults.All(fault => fault.Place.File != text.File))];
            source = RuleReader.Read(texts);
        }

        Announce(faults, "left out");
        _state = new(RuleCompiler.Compile(source), faults, _clock.GetUtcNow());
        RulesLog.Loaded(_logger, source.Rules.Count, texts.Count);
    }

    private bool Load(string stamp)
    {
        _loaded = stamp;
        List<ContentFault> faults = [];
        RuleSource source = RuleReader.Read(RuleFiles.Read(_paths, faults));
        faults.AddRange(source.Faults);
        if (faults.Count > 0)
        {
            Announce(faults, "not taken; the rules from before stay in force");
            _state = _state with { Faults = faults };
            _metrics.Reloaded(taken: false);
            return false;
        }

        _state = new(RuleCompiler.Compile(source), [], _clock.GetUtcNow());
        _metrics.Reloaded(taken: true);
        RulesLog.Reloaded(_logger, source.Rules.Count);
        return true;
    }

    private void Announce(List<ContentFault> faults, string outcome)
    {
        // Enough to see what is wrong; `whorl rules check` shows all.
        const int MaxShown = 20;
        foreach (ContentFault fault in faults.Take(MaxShown))
        {
            RulesLog.Fault(_logger, outcome, fault);
        }
    }
}
