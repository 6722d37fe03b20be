using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores.Objects;

namespace Whorl.Delivery.Cli.Sites;

/// <summary><c>whorl site</c>: visits web sites now, without a queue.</summary>
internal sealed class SiteCommand
{
    // Of standard input; a longer line is no address.
    private const int MaxLine = SiteAddress.MaxLength + 1;

    private const int DefaultConcurrency = 16;

    private readonly Argument<string[]> _urls = new("urls")
    {
        Description = "addresses of sites, http:// where no scheme is named; - reads them from standard input, one a line",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> _allow = new("--allow") { Description = "a prefix that may be reached although it is private, loopback or otherwise special, such as 10.20.0.0/16", HelpName = "CIDR" };

    private readonly Option<bool> _json = new("--json") { Description = "the whole scan of each site as one JSON object a line; docs/reference/site-scan.schema.json describes it" };

    private readonly Option<bool> _keep = new("--keep") { Description = "keep pages, icons and assets in the object store of this node" };

    private readonly Option<bool> _noJarm = new("--no-jarm") { Description = "leave out JARM, which costs ten connections a site" };

    private readonly Option<bool> _screenshot = new("--screenshot") { Description = "take a picture of each page with Chromium, where it is installed; --keep keeps it" };

    private readonly Option<int> _concurrency = new("--concurrency") { Description = "sites side by side", HelpName = "N", DefaultValueFactory = _ => DefaultConcurrency };

    private readonly LocalNode _node;
    private readonly Output _output;
    private readonly Func<Stream> _input;
    private readonly TimeProvider _clock;

    private SiteCommand(LocalNode node, Output output, Func<Stream> input, TimeProvider clock) => (_node, _output, _input, _clock) = (node, output, input, clock);

    /// <param name="input">Opens standard input.</param>
    public static Command Create(LocalNode node, Output output, Func<Stream> input, TimeProvider clock)
    {
        SiteCommand it = new(node, output, input, clock);
        it._allow.Validators.Add(result =>
        {
            foreach (string text in (result.GetValue(it._allow) ?? []).Where(text => !Network.TryParse(text, out _)))
            {
                result.AddError($"--allow: '{text}' is no prefix; write it as 10.20.0.0/16");
            }
        });
        it._concurrency.Validators.Add(result =>
        {
            if (result.GetValue(it._concurrency) is <= 0 or > 1024)
            {
                result.AddError("--concurrency: a number from 1 to 1024");
            }
        });
        Command command = new("site", """
            fingerprint web sites now: redirects, page, icons, assets, trackers and wallets, TLS, JARM, names and addresses

            Examples:
              whorl site example.com
              whorl site https://shop.example/login --json | jq .page.identities
              whorl site - --json --concurrency 64 < domains.txt > scans.jsonl
              whorl site http://10.20.0.5/ --allow 10.20.0.0/16
            """) { it._urls, it._allow, it._json, it._keep, it._noJarm, it._screenshot, it._concurrency };
        command.SetAction(it.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        try
        {
            return await VisitAsync(parsed, cancel);
        }
        catch (OptionsValidationException fault)
        {
            return _output.Fail(string.Join("; ", fault.Failures), "`whorl config check` finds every fault; docs/operate/sites.md lists the variables", ExitCode.WrongUsage);
        }
    }

    private async Task<int> VisitAsync(ParseResult parsed, CancellationToken cancel)
    {
        WebApplication? host = _node.Open(parsed);
        if (host is null)
        {
            return ExitCode.WrongUsage;
        }

        await using (host)
        {
            OutboundOptions outbound = host.Services.GetRequiredService<IOptions<OutboundOptions>>().Value;
            outbound.Allow.AddRange(parsed.GetValue(_allow) ?? []);
            OutboundGuard guard = new(Options.Create(outbound), _clock, NullLogger<OutboundGuard>.Instance);
            if (guard.Fault is { } fault)
            {
                return _output.Fail(fault, "see Outbound:OptOutFile and Outbound:AsnFile", ExitCode.WrongUsage);
            }

            FetchOptions options = host.Services.GetRequiredService<IOptions<SitesOptions>>().Value.Fetch;
            options.DisableJarm |= parsed.GetValue(_noJarm);
            options.Screenshot |= parsed.GetValue(_screenshot);
            ObjectStore? objects = parsed.GetValue(_keep) ? host.Services.GetService<ObjectStore>() : null;
            using SiteScanner scanner = FetchingModule.Create(options, guard, host.Services.GetRequiredService<PageReader>(), objects, _clock, NullLogger.Instance);
            return await CarryAsync(scanner, parsed, cancel);
        }
    }

    private async Task<int> CarryAsync(SiteScanner scanner, ParseResult parsed, CancellationToken cancel)
    {
        int failed = 0, done = 0;
        bool json = parsed.GetValue(_json);
        int atOnce = parsed.GetValue(_concurrency);
        Channel<ScanRecord> results = Channel.CreateBounded<ScanRecord>(atOnce);
        Task printing = PrintAsync();
        await Parallel.ForEachAsync(ReadUrls(parsed.GetValue(_urls)!, cancel), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel }, async (url, stop) =>
            await results.Writer.WriteAsync(await scanner.ScanAsync(Uuid7.Text(Uuid7.New(_clock)), url, enter: null, stop), stop));
        results.Writer.Complete();
        await printing;
        return failed == 0 ? ExitCode.Done : done > 0 ? ExitCode.PartlyDone : ExitCode.Failed;

        // Who cannot write takes no more: the visits must not wait for room for ever.
        async Task PrintAsync()
        {
            try
            {
                await WriteAllAsync();
            }
            catch (Exception fault)
            {
                results.Writer.TryComplete(fault);
                throw;
            }
        }

        async Task WriteAllAsync()
        {
            await foreach (ScanRecord scan in results.Reader.ReadAllAsync(cancel))
            {
                if (json)
                {
                    _output.Data.WriteLine(System.Text.Json.JsonSerializer.Serialize(scan, ScanJson.Options));
                }
                else
                {
                    SiteText.Write(_output, scan);
                }

                _output.Data.Flush();
                if (scan.Class != SiteClass.Unreachable)
                {
                    done++;
                    continue;
                }

                failed++;
                _output.Fail($"{scan.Url}: {scan.Reason}{(scan.Detail is null ? "" : $": {scan.Detail}")}", SiteText.Hint(scan));
            }
        }
    }

    private async IAsyncEnumerable<string> ReadUrls(string[] urls, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (string url in urls)
        {
            if (url != "-")
            {
                yield return url;
                continue;
            }

            using StreamReader reader = new(_input());
            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                string text = (line.Length > MaxLine ? line[..MaxLine] : line).Trim();
                if (text.Length > 0 && text[0] != '#')
                {
                    yield return text;
                }
            }
        }
    }
}
