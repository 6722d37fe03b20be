using Whorl.Analysis.Decisions;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Kernel;

namespace Whorl.Delivery.Api;

/// <summary>What people and systems can do with decisions: on the store itself, or through the API of a running process.</summary>
internal interface IDecisionDesk
{
    Task<DecisionPage> ListAsync(DecisionFilter filter, CancellationToken cancel);

    Task<DecisionView> AddAsync(NewDecision decision, CancellationToken cancel);

    /// <summary>Ends by id; how many were in force.</summary>
    Task<int> EndAsync(string id, CancellationToken cancel);

    /// <summary>Ends every decision in force that the filter means; it must narrow by something.</summary>
    Task<int> EndAsync(DecisionFilter filter, CancellationToken cancel);

    Task<ListImportResult> ImportAsync(Stream list, ImportSettings settings, CancellationToken cancel);

    Task ExportAsync(string format, Stream output, CancellationToken cancel);
}

/// <summary>The desk on the store.</summary>
/// <param name="change">Stores a change, and tells other nodes where there is a bus to tell them by.</param>
/// <param name="origin">Who asks, for decisions that are added.</param>
internal sealed class StoreDesk(
    DecisionStore store,
    Func<IReadOnlyList<Decision>, IReadOnlyList<DecisionId>, CancellationToken, Task<DecisionChange>> change,
    TimeProvider clock,
    string origin) : IDecisionDesk
{
    public const int MaxPage = 1000;

    private const int MaxNameLength = 100;

    public async Task<DecisionPage> ListAsync(DecisionFilter filter, CancellationToken cancel)
    {
        DecisionQuery query = Read(filter);
        DateTimeOffset now = clock.GetUtcNow();
        IReadOnlyList<StoredDecision> found = await store.ListAsync(query, cancel);
        return new([.. found.Select(stored => DecisionView.Of(stored, now))], found.Count == query.Limit ? found[^1].Decision.Id.ToString() : null);
    }

    public async Task<DecisionView?> FindAsync(string id, CancellationToken cancel) =>
        await store.FindAsync(ReadId(id), cancel) is { } stored ? DecisionView.Of(stored, clock.GetUtcNow()) : null;

    public async Task<DecisionView> AddAsync(NewDecision decision, CancellationToken cancel)
    {
        if (!DecisionValue.TryCanonicalise(decision.Scope, decision.Value, decision.Force, out string value, out string fault))
        {
            throw Bad(fault + ".", fault.Contains("force") ? "Name a longer prefix, or force it: \"force\": true, --force." : "Correct the value, or name another scope.");
        }

        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset? until = decision.Until ?? (decision.For is { } term ? now + ReadTerm(term) : null);
        if (until <= now)
        {
            throw Bad("The term is over already.", "Name a later end, or a term such as 4h or 7d.");
        }

        Decision made = new(
            DecisionId.New(clock), origin, Short(decision.Scenario ?? "manual", "scenario", MaxNameLength), decision.Scope, value, decision.Action, until,
            Short(decision.Reason ?? "", "reason", ListImport.MaxTextLength), decision.Simulated);
        await change([made], [], cancel);
        return DecisionView.Of(new(made, null, 0), now);
    }

    public async Task<int> EndAsync(string id, CancellationToken cancel)
    {
        DecisionId parsed = ReadId(id);
        if ((await change([], [parsed], cancel)).EndedInForce is var ended and > 0)
        {
            return ended;
        }

        throw new DeskException(new(StatusCodes.Status404NotFound, $"No decision {parsed} is in force.", "See which are: GET /api/v1/decisions, `whorl decisions list`."));
    }

    public async Task<int> EndAsync(DecisionFilter filter, CancellationToken cancel)
    {
        DecisionQuery query = Read(filter) with { Active = true, Limit = MaxPage };
        if (query is { Ip: null, Scope: null, Value: null, Origin: null, Scenario: null, Action: null })
        {
            throw Bad("Nothing says which decisions to end.", "Name an id, or narrow by value, scope, origin, scenario or action.");
        }

        int ended = 0;
        while (await store.ListAsync(query, cancel) is { Count: > 0 } found)
        {
            ended += (await change([], [.. found.Select(stored => stored.Decision.Id)], cancel)).EndedInForce;
            query = query with { Before = found[^1].Decision.Id };
        }

        return ended;
    }

    public Task<ListImportResult> ImportAsync(Stream list, ImportSettings settings, CancellationToken cancel)
    {
        string name = settings.Origin?.Trim() is { Length: > 0 } given ? given : "list";
        ListImportOptions options = new(Short(name.StartsWith("import:", StringComparison.Ordinal) ? name : "import:" + name, "origin", MaxNameLength))
        {
            Format = ReadFormat(settings.Format),
            Action = settings.Action is { } action ? ReadAction(action) : DecisionAction.Block,
            Term = settings.For is { } term ? ReadTerm(term) : null,
            Reason = settings.Reason ?? "",
            Simulated = settings.Simulate ?? false,
            Force = settings.Force ?? false,
            EndMissing = settings.EndMissing ?? false,
        };
        return new ListImport(store, clock).RunAsync(list, options, change, cancel);
    }

    public async Task ExportAsync(string format, Stream output, CancellationToken cancel) =>
        await ListExport.WriteAsync(store.LoadAsync(cancel), ReadFormat(format) is var read and not ListFormat.Auto ? read : ListFormat.Csv, output, cancel);

    public static ListFormat ReadFormat(string? format) => format?.ToLowerInvariant() switch
    {
        null or "" or "auto" => ListFormat.Auto,
        "plain" => ListFormat.Plain,
        "csv" => ListFormat.Csv,
        "json" => ListFormat.Json,
        "jsonlines" or "jsonl" => ListFormat.JsonLines,
        _ => throw Bad($"There is no format '{format}'.", "Formats are plain, csv, json and jsonlines."),
    };

    public static DecisionAction ReadAction(string text) => ListEntry.TryAction(text, out DecisionAction action)
        ? action
        : throw Bad($"There is no action '{text}'.", "Actions are allow, throttle, challenge, captcha, charge, tarpit and block.");

    private static DecisionScope ReadScope(string text) => ListEntry.TryScope(text, out DecisionScope scope)
        ? scope
        : throw Bad($"There is no scope '{text}'.", "Scopes are ip, range, session, ja4, asn and country.");

    private static TimeSpan ReadTerm(string text) => DecisionTerm.TryParse(text, out TimeSpan term)
        ? term
        : throw Bad($"'{text}' is no term.", "Write a number and a unit: 30m, 4h, 7d, 2w.");

    private static DecisionId ReadId(string text) => DecisionId.TryParse(text, out DecisionId id)
        ? id
        : throw Bad($"'{text}' is no decision's id.", "Ids are the 26 characters in the first column of `whorl decisions list`.");

    private static DecisionQuery Read(DecisionFilter filter)
    {
        PeerAddress address = default;
        if (filter.Ip is { } ip && !PeerAddress.TryParse(ip, out address))
        {
            throw Bad($"'{ip}' is no IP address.", "Write it like 203.0.113.9 or 2001:db8::9.");
        }

        DecisionScope? scope = filter.Scope is { } scopeText ? ReadScope(scopeText) : null;
        string? value = filter.Value;
        if (value is not null && scope is { } known && !DecisionValue.TryCanonicalise(known, value, force: true, out value, out string fault))
        {
            throw Bad(fault + ".", "Correct the value, or name another scope.");
        }

        return filter.Limit is < 1 or > MaxPage
            ? throw Bad("The limit is out of bounds.", $"Ask for 1 to {MaxPage}, and for the next page with before.")
            : new()
            {
                Ip = filter.Ip is null ? null : address,
                Scope = scope,
                Value = value,
                Origin = filter.Origin,
                Scenario = filter.Scenario,
                Action = filter.Action is { } action ? ReadAction(action) : null,
                Active = filter.Active?.ToLowerInvariant() switch
                {
                    null or "" or "true" => true,
                    "false" => false,
                    "any" => null,
                    _ => throw Bad($"active is true, false or any, not '{filter.Active}'.", "Leave it out for what is in force."),
                },
                Before = filter.Before is { } before ? ReadId(before) : null,
                Limit = filter.Limit ?? 100,
            };
    }

    private static string Short(string text, string what, int most) =>
        text.Contains('\0') ? throw Bad($"The {what} holds a character that no text has (NUL).", "Remove it.")
        : text.Length <= most ? text : throw Bad($"The {what} has {text.Length} characters, at most {most} are kept.", "Shorten it.");

    private static DeskException Bad(string detail, string hint) => new(DeskFault.Bad(char.ToUpperInvariant(detail[0]) + detail[1..], hint));
}
