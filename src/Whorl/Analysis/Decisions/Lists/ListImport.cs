using Whorl.Kernel;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>What an import is to do with what its lines leave open.</summary>
/// <param name="Origin">Who says so, such as <c>import:drop</c>; the same list imported again has the same origin.</param>
internal sealed record ListImportOptions(string Origin)
{
    public ListFormat Format { get; init; } = ListFormat.Auto;

    public string Scenario { get; init; } = "list";

    public DecisionAction Action { get; init; } = DecisionAction.Block;

    public TimeSpan? Term { get; init; }

    public string Reason { get; init; } = "";

    public bool Simulated { get; init; }

    /// <summary>Take prefixes that hold a large part of all addresses.</summary>
    public bool Force { get; init; }

    /// <summary>End decisions of this origin that the list no longer has.</summary>
    public bool EndMissing { get; init; }
}

/// <summary>A line that was passed over, and why.</summary>
internal sealed record ListFault(long Line, string Reason);

/// <summary>What an import did.</summary>
/// <param name="FaultCount">All faults, where <paramref name="Faults"/> has only the first ones.</param>
internal sealed record ListImportResult(int Added, int Unchanged, int Ended, long FaultCount, IReadOnlyList<ListFault> Faults);

/// <summary>
/// Brings a list into the decisions. What is in force already with the same origin, value, action and term keeps its id, so that importing
/// the same list again changes nothing.
/// </summary>
internal sealed class ListImport(DecisionStore store, TimeProvider clock)
{
    /// <summary>A person reads the first faults; the count tells of the rest.</summary>
    public const int MaxFaults = 100;

    /// <summary>Of texts that a line may bring; longer ones are cut.</summary>
    public const int MaxTextLength = 500;

    // One transaction: small enough that other writers wait no more than a moment.
    private const int BatchSize = 5000;

    /// <param name="change">Stores, and where other nodes listen tells them.</param>
    public async Task<ListImportResult> RunAsync(
        Stream input, ListImportOptions options, Func<IReadOnlyList<Decision>, IReadOnlyList<DecisionId>, CancellationToken, Task> change, CancellationToken cancel)
    {
        Dictionary<Content, Decision> before = [];
        List<DecisionId> doubled = [];
        await foreach (Decision decision in store.OfOriginAsync(options.Origin, cancel))
        {
            if (!before.TryAdd(Content.Of(decision), decision))
            {
                doubled.Add(decision.Id);
            }
        }

        HashSet<Content> seen = [];
        List<Decision> batch = [];
        List<DecisionId> replaced = [];
        List<ListFault> faults = [];
        long faultCount = 0;
        int added = 0, unchanged = 0, ended = 0;
        await foreach (ListEntry entry in ListReader.ReadAsync(input, options.Format, cancel))
        {
            if (!TryMake(entry, options, out Decision? decision, out string fault))
            {
                faultCount++;
                if (faults.Count < MaxFaults)
                {
                    faults.Add(new(entry.Place, fault));
                }

                continue;
            }

            Content content = Content.Of(decision!);
            if (!seen.Add(content))
            {
                // Twice in one list is once.
                continue;
            }

            if (before.Remove(content, out Decision? known))
            {
                if (known with { Id = decision!.Id } == decision)
                {
                    unchanged++;
                    continue;
                }

                // A new term or reason: a decision is never edited.
                replaced.Add(known.Id);
            }

            batch.Add(decision!);
            added++;
            if (batch.Count == BatchSize)
            {
                await change(batch, replaced, cancel);
                batch = [];
                replaced = [];
            }
        }

        if (options.EndMissing)
        {
            DecisionId[] gone = [.. before.Values.Select(decision => decision.Id), .. doubled];
            ended = gone.Length;
            replaced.AddRange(gone);
        }

        await change(batch, replaced, cancel);
        return new(added, unchanged, ended, faultCount, faults);
    }

    private bool TryMake(ListEntry entry, ListImportOptions options, out Decision? decision, out string fault)
    {
        decision = null;
        fault = entry.Fault ?? "";
        if (entry.Fault is not null)
        {
            return false;
        }

        DateTimeOffset now = clock.GetUtcNow();

        // As precise as the store, so that the same line compares equal next time.
        DateTimeOffset? until = entry.Until ?? ((entry.Term ?? options.Term) is { } term ? now + term : null);
        until -= TimeSpan.FromTicks((until?.Ticks ?? 0) % TimeSpan.TicksPerMicrosecond);
        if (until <= now)
        {
            fault = "its term is over";
            return false;
        }

        DecisionScope scope = entry.Scope ?? (entry.Value.Contains('/') ? DecisionScope.Range : DecisionScope.Ip);
        if (!DecisionValue.TryCanonicalise(scope, entry.Value, options.Force, out string value, out fault))
        {
            return false;
        }

        decision = new(
            DecisionId.New(clock), options.Origin, Cut(entry.Scenario ?? options.Scenario), scope, value, entry.Action ?? options.Action, until,
            Cut(entry.Reason ?? options.Reason), entry.Simulated ?? options.Simulated);
        return true;
    }

    private static string Cut(string text) => text.Length <= MaxTextLength ? text : text[..MaxTextLength];

    private readonly record struct Content(DecisionScope Scope, string Value, DecisionAction Action, bool Simulated)
    {
        public static Content Of(Decision decision) => new(decision.Scope, decision.Value, decision.Action, decision.Simulated);
    }
}
