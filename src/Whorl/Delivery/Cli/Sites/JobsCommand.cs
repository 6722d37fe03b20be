using System.CommandLine;
using System.Data.Common;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Whorl.Delivery.Api.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Delivery.Cli.Sites;

/// <summary><c>whorl jobs add|list|retry|show</c>: the queue of sites under watch, in the system of record itself; a running worker finds what changed with its next look.</summary>
internal sealed class JobsCommand
{
    // Jobs of one call; more are more calls.
    private const int Page = 500;

    private readonly LocalNode _node;
    private readonly Output _output;
    private readonly Func<Stream> _input;
    private readonly TimeProvider _clock;
    private readonly Option<JobState?> _state = new("--state") { Description = "queued, leased, succeeded, failed or abandoned: what came last", HelpName = "STATE" };
    private readonly Option<string?> _site = new("--site") { Description = "a host", HelpName = "HOST" };
    private readonly Option<bool> _json = new("--json") { Description = "JSON on standard output" };

    private JobsCommand(LocalNode node, Output output, Func<Stream> input, TimeProvider clock) => (_node, _output, _input, _clock) = (node, output, input, clock);

    /// <param name="input">Opens standard input.</param>
    public static Command Create(LocalNode node, Output output, Func<Stream> input, TimeProvider clock)
    {
        JobsCommand it = new(node, output, input, clock);
        return new("jobs", "web sites under watch: which, when they are due, what came of visits") { it.Add(), it.List(), it.Retry(), it.Show() };
    }

    private Command Add()
    {
        Argument<string[]> urls = new("url") { Description = "addresses, or hosts alone, which are taken for http; - reads them from standard input, one a line", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> file = new("--file") { Description = "a file with one on each line, or CSV with a column url, domain, site or host", HelpName = "FILE" };
        Option<string> origin = new("--origin") { Description = "who asked, or the name of the list", HelpName = "NAME", DefaultValueFactory = _ => "cli" };
        Command command = new("add", """
            put sites under watch; those that are there already stay as they are

            Examples:
              whorl jobs add https://shop.example/ hxxp://bank-login[.]example/
              whorl jobs add --file reported.csv --origin hotline
              curl -s https://lists.example.com/new.txt | whorl jobs add - --origin feed
            """) { urls, file, origin, _json };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(urls) ?? []).Length == 0 && result.GetValue(file) is null)
            {
                result.AddError("name addresses, - or a --file");
            }
        });
        Run(command, async (jobs, parsed, cancel) =>
        {
            JobList list = new();
            foreach (string text in parsed.GetValue(urls) ?? [])
            {
                if (text == "-")
                {
                    using StreamReader input = new(_input());
                    await list.ReadAsync(input, cancel);
                }
                else
                {
                    list.Take(text);
                }
            }

            if (parsed.GetValue(file) is { } path)
            {
                using StreamReader reader = new(path);
                await list.ReadAsync(reader, cancel);
            }

            int added = 0;
            foreach (string[] some in list.Urls.Chunk(Page))
            {
                added += await jobs.AddAsync([.. some.Select(url => new NewJob(url, parsed.GetValue(origin)!))], cancel);
            }

            if (parsed.GetValue(_json))
            {
                _output.Json(json => JsonSerializer.Serialize(json, new { Added = added, Known = list.Urls.Count - added, Faults = list.Faults }, ScanJson.Options));
            }

            list.Faults.ForEach(_output.Say);
            _output.Say($"{added} added, {list.Urls.Count - added} known already{(list.Faults.Count > 0 ? $", {list.Faults.Count} passed over" : "")}");
            _output.Next("whorl jobs list", "see when they are due");
            return list.Faults.Count == 0 ? ExitCode.Done : list.Urls.Count > 0 ? ExitCode.PartlyDone : ExitCode.Failed;
        });
        return command;
    }

    private Command List()
    {
        Option<int> limit = new("--limit") { Description = "how many, the first due first; default 100", HelpName = "N", DefaultValueFactory = _ => 100 };
        Command command = new("list", """
            list jobs in the order they are due

            Examples:
              whorl jobs list --state failed
              whorl jobs list --site shop.example --json
            """) { _state, _site, limit, _json };
        Run(command, async (jobs, parsed, cancel) =>
        {
            List<SiteJob> found = [];
            int wanted = Math.Max(1, parsed.GetValue(limit));
            while (found.Count < wanted)
            {
                int most = Math.Min(Page, wanted - found.Count);
                IReadOnlyList<SiteJob> page = await jobs.JobsAsync(Query(parsed) with { After = found.Count > 0 ? found[^1].Id : null, Limit = most }, cancel);
                found.AddRange(page);
                if (page.Count < most)
                {
                    break;
                }
            }

            if (parsed.GetValue(_json))
            {
                _output.Json(json => JsonSerializer.Serialize(json, found, ScanJson.Options));
            }
            else
            {
                DateTimeOffset now = _clock.GetUtcNow();
                _output.Table(["url", "state", "due", "runs", "failures", "origin", "worker"], [.. found.Select(job => (IReadOnlyList<string>)
                [
                    job.Url, Word(job.State), Due(job, now), $"{job.Runs}", $"{job.Failures}", job.Origin, job.Worker ?? "",
                ])]);
            }

            JobCounts counts = await jobs.CountAsync(cancel);
            _output.Say($"{found.Count} shown of {counts.Jobs.Values.Sum()} jobs; {counts.Due} due");
            return ExitCode.Done;
        });
        return command;
    }

    private Command Retry()
    {
        Option<bool> all = new("--all") { Description = "every job that is not in work, whatever came last" };
        Command command = new("retry", """
            make jobs due now and forget their failures; without options those that failed, also those that were given up

            Examples:
              whorl jobs retry
              whorl jobs retry --site shop.example --all
            """) { _state, _site, all, _json };
        Run(command, async (jobs, parsed, cancel) =>
        {
            JobQuery query = Query(parsed);
            if (query.State is null && !parsed.GetValue(all))
            {
                query = query with { State = JobState.Failed };
            }

            int count = await jobs.RetryAllAsync(query, cancel);
            if (parsed.GetValue(_json))
            {
                _output.Json(json => JsonSerializer.Serialize(json, new { Retried = count }, ScanJson.Options));
            }

            _output.Say(count == 1 ? "1 more job is due now" : $"{count} more jobs are due now");
            return ExitCode.Done;
        });
        return command;
    }

    private Command Show()
    {
        Argument<string> site = new("site") { Description = "an address or a host" };
        Option<int> limit = new("--limit") { Description = "runs of each job, the newest first, and the steps that belong to them; default 10", HelpName = "N", DefaultValueFactory = _ => 10 };
        Command command = new("show", """
            show the jobs of a site with their newest runs and steps between states

            Example:
              whorl jobs show https://shop.example/
            """) { site, limit, _json };
        Run(command, async (jobs, parsed, cancel) =>
        {
            string text = parsed.GetValue(site)!;
            if (!SiteAddress.TryParse(text, out SiteAddress? address))
            {
                return _output.Fail($"'{text}' is no address of a site", "Write it as https://shop.example/ or shop.example.", ExitCode.WrongUsage);
            }

            IReadOnlyList<SiteJob> found = await jobs.JobsAsync(new(Site: address.Site, Limit: Page), cancel);
            if (text.Contains("://", StringComparison.Ordinal))
            {
                found = [.. found.Where(job => job.Url == address.Url)];
            }

            if (found.Count == 0)
            {
                return _output.Fail($"There is no job for {text}.", $"Put it under watch with `whorl jobs add {address.Url}`.");
            }

            List<JobStory> stories = [];
            foreach (SiteJob job in found)
            {
                // Most runs take two steps.
                int most = Math.Clamp(parsed.GetValue(limit), 1, int.MaxValue / 2);
                stories.Add(new(job, await jobs.RunsAsync(job.Id, most, cancel), await jobs.TransitionsAsync(job.Id, 2 * most, cancel)));
            }

            if (parsed.GetValue(_json))
            {
                _output.Json(json => JsonSerializer.Serialize(json, stories, ScanJson.Options));
                return ExitCode.Done;
            }

            DateTimeOffset now = _clock.GetUtcNow();
            foreach ((SiteJob job, IReadOnlyList<JobRun> runs, IReadOnlyList<JobTransition> steps) in stories)
            {
                _output.Say($"{job.Url}: {Word(job.State)}, due {Due(job, now)}, {job.Runs} runs, {job.Failures} failures in a row, every {Output.Span(job.Interval)}, from {job.Origin}");
                _output.Table(["run", "state", "started", "ended", "worker", "reason"], [.. runs.Select(run => (IReadOnlyList<string>)
                    [run.Id, run.State.ToString().ToLowerInvariant(), Time(run.Started), run.Ended is { } ended ? Time(ended) : "", run.Worker, run.Reason ?? ""])]);
                if (_output.Terminal)
                {
                    _output.Table(["time", "from", "to", "run", "reason"], [.. steps.Select(step => (IReadOnlyList<string>)[Time(step.Time), Word(step.From), Word(step.To), step.Run ?? "", step.Reason ?? ""])]);
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private void Run(Command command, Func<IJobSource, ParseResult, CancellationToken, Task<int>> verb) => command.SetAction(async (parsed, cancel) =>
    {
        try
        {
            await using WebApplication? host = _node.Open(parsed);
            return host is null ? ExitCode.WrongUsage : await verb(host.Services.GetRequiredService<IJobSource>(), parsed, cancel);
        }
        catch (OptionsValidationException fault)
        {
            return _output.Fail(string.Join("; ", fault.Failures), "`whorl config check` finds every fault; docs/operate/sites.md lists the variables", ExitCode.WrongUsage);
        }
        catch (StoreException fault)
        {
            return _output.Fail(fault.Message, fault.Hint);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException or HttpRequestException)
        {
            return _output.Fail(fault.Message, "See `whorl doctor` for what this machine lacks.");
        }
    });

    private JobQuery Query(ParseResult parsed) => new(parsed.GetValue(_state), parsed.GetValue(_site) is { } site ? SiteAddress.SiteOf(site) : null);

    private static string Word(JobState state) => state.ToString().ToLowerInvariant();

    // In a pipe the time itself, which a script can compare; on a terminal how long is left.
    private string Due(SiteJob job, DateTimeOffset now) => job.Due is not { } due ? "never" : !_output.Terminal ? Time(due) : due <= now ? "now" : $"in {Output.Span(due - now)}";

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    // Sites as the console takes them, and each once.
    private sealed class JobList
    {
        private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

        public List<string> Urls { get; } = [];

        /// <summary>What could not be taken, each with its place.</summary>
        public List<string> Faults { get; } = [];

        public void Take(string text)
        {
            if (SiteList.TryNormalise(text, out string url, out string fault))
            {
                Add(url);
            }
            else
            {
                Faults.Add($"'{text}': {fault}");
            }
        }

        public async Task ReadAsync(TextReader reader, CancellationToken cancel)
        {
            string? header = null;
            List<string> lines = [];
            for (int before = 0; ; before += lines.Count - (before > 0 ? 1 : 0), lines.Clear())
            {
                // A list is read part by part; the line that may name its columns begins each.
                if (header is not null)
                {
                    lines.Add(header);
                }

                while (lines.Count < SiteList.MaxLines && await reader.ReadLineAsync(cancel) is { } line)
                {
                    header ??= line;
                    lines.Add(line);
                }

                if (lines.Count <= (before > 0 ? 1 : 0))
                {
                    return;
                }

                SiteList read = SiteList.Read(string.Join('\n', lines));
                read.Urls.ToList().ForEach(Add);
                Faults.AddRange(read.Refused.Where(each => before == 0 || each.Line > 1).Select(each => $"line {each.Line + before - (before > 0 ? 1 : 0)}: '{each.Text}': {each.Reason}"));
                if (read.RefusedCount > read.Refused.Count)
                {
                    Faults.Add($"{read.RefusedCount - read.Refused.Count} more lines");
                }
            }
        }

        private void Add(string url)
        {
            if (_seen.Add(url))
            {
                Urls.Add(url);
            }
        }
    }

    private sealed record JobStory(SiteJob Job, IReadOnlyList<JobRun> Runs, IReadOnlyList<JobTransition> Transitions);
}
