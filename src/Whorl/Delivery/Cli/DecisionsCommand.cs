using System.CommandLine;
using System.Text.Json;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Delivery.Api;
using Whorl.Kernel;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl decisions list|add|delete|import|export</c>.</summary>
internal sealed class DecisionsCommand
{
    private readonly DeskOptions _desk;
    private readonly Output _output;
    private readonly TimeProvider _clock;
    private readonly Option<string?> _ip = Value("--ip", "A", "an address");
    private readonly Option<string?> _range = Value("--range", "P", "a prefix such as 198.51.100.0/24");
    private readonly Option<string?> _ja4 = Value("--ja4", "J", "a TLS client fingerprint");
    private readonly Option<string?> _asn = Value("--asn", "N", "an autonomous system, with or without AS");
    private readonly Option<string?> _country = Value("--country", "CC", "a two-letter country");
    private readonly Option<string?> _session = Value("--session", "S", "a session");
    private readonly Option<string?> _action = Value("--action", "ACTION", "allow, throttle, challenge, captcha, charge, tarpit or block");
    private readonly Option<string?> _origin = Value("--origin", "NAME", "who decided, such as cli, console or import:drop");
    private readonly Option<string?> _scenario = Value("--scenario", "NAME", "what for");
    private readonly Option<string?> _term = Value("--for", "TERM", "a term such as 30m, 4h or 7d; without it the decision lasts until it is deleted");
    private readonly Option<string?> _reason = Value("--reason", "TEXT", "a sentence for people");
    private readonly Option<string?> _format = Value("--format", "FORMAT", "plain, csv, json or jsonlines");
    private readonly Option<bool> _simulate = new("--simulate") { Description = "show what would be done, do not do it" };
    private readonly Option<bool> _force = new("--force") { Description = "take prefixes that hold a large part of all addresses" };
    private readonly Option<bool> _json = new("--json") { Description = "JSON on standard output" };

    private DecisionsCommand(LocalNode node, Output output, TimeProvider clock)
    {
        _desk = new(node);
        _output = output;
        _clock = clock;
    }

    public static Command Create(LocalNode node, Output output, TimeProvider clock)
    {
        DecisionsCommand verbs = new(node, output, clock);
        Command command = new("decisions", "who is let in, slowed or stopped, and for how long")
        {
            verbs.List(), verbs.Add(), verbs.Delete(), verbs.Import(), verbs.Export(),
        };
        verbs._desk.AddTo(command);
        return command;
    }

    private Command List()
    {
        Option<bool> all = new("--all") { Description = "ended and expired ones too" };
        Option<int> limit = new("--limit") { Description = "how many, newest first; default 100", HelpName = "N", DefaultValueFactory = _ => 100 };
        Command command = new("list", """
            list decisions, newest first

            Examples:
              whorl decisions list
              whorl decisions list --ip 203.0.113.9       on the address and the ranges around it
              whorl decisions list --origin import:drop --json
            """) { _ip, _range, _ja4, _asn, _country, _session, _action, _origin, _scenario, all, limit, _json };
        Run(command, async (desk, parsed, cancel) =>
        {
            List<DecisionView> found = [];
            string? before = null;
            int wanted = Math.Max(1, parsed.GetValue(limit));
            do
            {
                DecisionPage page = await desk.ListAsync(Filter(parsed, active: parsed.GetValue(all) ? "any" : null, before, Math.Min(wanted - found.Count, StoreDesk.MaxPage)), cancel);
                found.AddRange(page.Items);
                before = page.Next;
            }
            while (before is not null && found.Count < wanted);
            Print(found, parsed.GetValue(_json));
            if (found.Count == 0)
            {
                _output.Say("no decisions");
                _output.Next("whorl decisions add --ip 203.0.113.9 --action block --for 4h", "stop an address for four hours");
            }
            else if (before is not null)
            {
                _output.Say($"{found.Count} shown, there are more: --limit N");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private Command Add()
    {
        Command command = new("add", """
            make a decision

            Examples:
              whorl decisions add --ip 203.0.113.9 --action block --for 4h
              whorl decisions add --range 2001:db8::/32 --action tarpit --reason "scraping /wiki"
              whorl decisions add --asn AS64496 --action captcha --simulate
            """) { _ip, _range, _ja4, _asn, _country, _session, _action, _term, _reason, _scenario, _simulate, _force, _json };
        command.Validators.Add(result =>
        {
            if (Targets().Count(target => result.GetResult(target.Option) is { Implicit: false }) != 1)
            {
                result.AddError("name one of --ip, --range, --ja4, --asn, --country, --session");
            }

            if (result.GetResult(_action) is null or { Implicit: true })
            {
                result.AddError("name an --action");
            }
        });
        Run(command, async (desk, parsed, cancel) =>
        {
            (DecisionScope scope, Option<string?> option) = Targets().First(target => parsed.GetValue(target.Option) is not null);
            DecisionView made = await desk.AddAsync(
                new(scope, parsed.GetValue(option)!, StoreDesk.ReadAction(parsed.GetValue(_action)!))
                {
                    For = parsed.GetValue(_term),
                    Reason = parsed.GetValue(_reason),
                    Scenario = parsed.GetValue(_scenario),
                    Simulated = parsed.GetValue(_simulate),
                    Force = parsed.GetValue(_force),
                },
                cancel);
            Print([made], parsed.GetValue(_json));
            _output.Next($"whorl decisions delete {made.Id}", "take it back");
            return ExitCode.Done;
        });
        return command;
    }

    private Command Delete()
    {
        Argument<string[]> ids = new("id") { Description = "ids as `whorl decisions list` shows them", Arity = ArgumentArity.ZeroOrMore };
        Command command = new("delete", """
            end decisions: by id, or all that are narrowed down

            Examples:
              whorl decisions delete 01kjmma2g0fxyrwy7743q69wbn
              whorl decisions delete --ip 203.0.113.9      on that address alone, not on ranges around it
              whorl decisions delete --origin import:drop
            """) { ids, _ip, _range, _ja4, _asn, _country, _session, _action, _origin, _scenario };
        Run(command, async (desk, parsed, cancel) =>
        {
            int ended = 0, failed = 0;
            string[] named = parsed.GetValue(ids) ?? [];
            foreach (string id in named)
            {
                try
                {
                    ended += await desk.EndAsync(id, cancel);
                }
                catch (DeskException fault)
                {
                    failed++;
                    _output.Fail(fault.Fault.Detail, fault.Fault.Hint);
                }
            }

            if (named.Length == 0)
            {
                DecisionFilter filter = Filter(parsed, null, null, null);
                // An address is meant itself here: ending a range because one address lies in it would surprise.
                ended = await desk.EndAsync(filter.Ip is null ? filter : new() { Scope = "ip", Value = filter.Ip, Action = filter.Action, Origin = filter.Origin, Scenario = filter.Scenario }, cancel);
            }

            _output.Say(ended == 1 ? "1 decision ended" : $"{ended} decisions ended");
            return failed == 0 ? ExitCode.Done : ended > 0 ? ExitCode.PartlyDone : ExitCode.Failed;
        });
        return command;
    }

    private Command Import()
    {
        Argument<string> file = new("file") { Description = "a list, or - for standard input" };
        Option<bool> end = new("--end-missing") { Description = "end decisions of this list that it no longer has" };
        Command command = new("import", """
            import a list: plain, netset, DROP, CSV or JSON; the same list again changes nothing

            Examples:
              whorl decisions import drop.txt --origin spamhaus --action block
              curl -s https://lists.example.com/bad.netset | whorl decisions import - --origin bad --for 24h --end-missing
            """) { file, _origin, _action, _term, _reason, _format, _simulate, _force, end, _json };
        Run(command, async (desk, parsed, cancel) =>
        {
            string path = parsed.GetValue(file)!;
            await using Stream list = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            ListImportResult result = await desk.ImportAsync(
                list,
                new()
                {
                    Origin = parsed.GetValue(_origin) ?? (path == "-" ? "stdin" : Path.GetFileNameWithoutExtension(path)),
                    Format = parsed.GetValue(_format),
                    Action = parsed.GetValue(_action),
                    For = parsed.GetValue(_term),
                    Reason = parsed.GetValue(_reason),
                    Simulate = parsed.GetValue(_simulate),
                    Force = parsed.GetValue(_force),
                    EndMissing = parsed.GetValue(end),
                },
                cancel);
            if (parsed.GetValue(_json))
            {
                _output.Json(json => JsonSerializer.Serialize(json, result, ApiJson.Default.ListImportResult));
            }

            foreach (ListFault fault in result.Faults)
            {
                _output.Say($"line {fault.Line}: {fault.Reason}");
            }

            _output.Say($"{result.Added} added, {result.Unchanged} unchanged, {result.Ended} ended, {result.FaultCount} lines passed over");
            int good = result.Added + result.Unchanged;
            return result.FaultCount == 0 ? ExitCode.Done : good > 0 ? ExitCode.PartlyDone : ExitCode.Failed;
        });
        return command;
    }

    private Command Export()
    {
        Command command = new("export", """
            write every decision in force to standard output, as csv where no format is named

            Examples:
              whorl decisions export > decisions.csv
              whorl decisions export --format plain       addresses and prefixes alone
            """) { _format };
        Run(command, async (desk, parsed, cancel) =>
        {
            await using Stream output = Console.OpenStandardOutput();
            await desk.ExportAsync(parsed.GetValue(_format) ?? "csv", output, cancel);
            return ExitCode.Done;
        });
        return command;
    }

    private void Run(Command command, Func<IDecisionDesk, ParseResult, CancellationToken, Task<int>> verb) =>
        command.SetAction((parsed, cancel) => _desk.RunAsync(parsed, _output, desk => verb(desk, parsed, cancel), cancel));

    private IEnumerable<(DecisionScope Scope, Option<string?> Option)> Targets() =>
    [
        (DecisionScope.Ip, _ip), (DecisionScope.Range, _range), (DecisionScope.Ja4, _ja4), (DecisionScope.Asn, _asn), (DecisionScope.Country, _country), (DecisionScope.Session, _session),
    ];

    private DecisionFilter Filter(ParseResult parsed, string? active, string? before, int? limit)
    {
        (DecisionScope scope, Option<string?>? option) = Targets().Skip(1).FirstOrDefault(target => parsed.GetResult(target.Option) is not null);
        return new()
        {
            Ip = parsed.GetResult(_ip) is null ? null : parsed.GetValue(_ip),
            Scope = option is null ? null : scope.ToString().ToLowerInvariant(),
            Value = option is null ? null : parsed.GetValue(option),
            Action = parsed.GetValue(_action),
            Origin = parsed.GetValue(_origin),
            Scenario = parsed.GetValue(_scenario),
            Active = active,
            Before = before,
            Limit = limit,
        };
    }

    private void Print(IReadOnlyList<DecisionView> decisions, bool json)
    {
        if (json)
        {
            _output.Json(writer =>
            {
                writer.WriteStartArray();
                foreach (DecisionView decision in decisions)
                {
                    JsonSerializer.Serialize(writer, decision, ApiJson.Default.DecisionView);
                }

                writer.WriteEndArray();
            });
            return;
        }

        DateTimeOffset now = _clock.GetUtcNow();
        _output.Table(
            ["id", "scope", "value", "action", "ends", "origin", "scenario", "reason"],
            [.. decisions.Select(decision => (IReadOnlyList<string>)
            [
                decision.Id, decision.Scope.ToString().ToLowerInvariant(), decision.Value,
                decision.Action.ToString().ToLowerInvariant() + (decision.Simulated ? " (simulated)" : ""),
                Ends(decision, now), decision.Origin, decision.Scenario, decision.Reason,
            ])]);
    }

    // In a pipe the time itself, which a script can compare; on a terminal how long is left.
    private string Ends(DecisionView decision, DateTimeOffset now) => decision switch
    {
        { Ended: not null } => "ended",
        { Until: null } => "never",
        { Until: { } until } when !_output.Terminal => until.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
        { Until: { } until } => until <= now ? "expired" : "in " + Output.Span(until - now),
    };

    private static Option<string?> Value(string name, string help, string description) => new(name) { Description = description, HelpName = help };
}
