using System.CommandLine;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Delivery.Cli.Probing;

/// <summary><c>whorl probe</c>: asks hosts what they are, once.</summary>
internal sealed class ProbeCommand
{
    // Of standard input: a list of the whole IPv4 Internet is read line by line, so this is the line.
    private const int MaxLine = 1024;

    private readonly Argument<string[]> _targets = new("targets")
    {
        Description = "addresses or names, with or without a port: 198.51.100.7, example.com:8443, [2001:db8::1]:22; - reads them from standard input, one a line",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _jarm = new("--jarm") { Description = "how a TLS server answers ten hellos" };

    private readonly Option<bool> _hassh = new("--hassh") { Description = "what an SSH server offers, and its host key" };

    private readonly Option<bool> _tcp = new("--tcp") { Description = "the TCP/IP stack, by a SYN of our own; without CAP_NET_RAW by a connection, which tells less" };

    private readonly Option<bool> _cert = new("--cert") { Description = "the certificates of a TLS server" };

    private readonly Option<bool> _http = new("--http") { Description = "what a web server says of itself: status, server, title, icon" };

    private readonly Option<bool> _icmp = new("--icmp") { Description = "which ICMP errors it sends, and how; needs CAP_NET_RAW, and is asked only where it is named" };

    private readonly Option<bool> _ipv6 = new("--ipv6") { Description = "the IPv6 link-local address of a host on a link of this machine; needs CAP_NET_RAW, and is asked only where it is named" };

    private readonly Option<string[]> _allow = new("--allow") { Description = "a prefix that may be reached although it is private, loopback or otherwise special, such as 10.20.0.0/16", HelpName = "CIDR" };

    private readonly Option<bool> _json = new("--json") { Description = "one JSON object a line; docs/reference/observations.md lists the names" };

    private readonly Option<TimeSpan?> _timeout = new("--timeout") { Description = "time for one probe of one port, such as 0:00:05; default: Probes:Timeout", HelpName = "TIME" };

    private readonly Option<int?> _concurrency = new("--concurrency") { Description = "targets side by side; default: Probes:TargetsAtOnce", HelpName = "N" };

    private readonly Func<ParseResult, IConfiguration?> _read;
    private readonly Output _output;
    private readonly Func<Stream> _input;
    private readonly TimeProvider _clock;

    private ProbeCommand(Func<ParseResult, IConfiguration?> read, Output output, Func<Stream> input, TimeProvider clock) => (_read, _output, _input, _clock) = (read, output, input, clock);

    /// <param name="read">Reads the configuration; null, after saying why, where it cannot be used.</param>
    /// <param name="input">Opens standard input.</param>
    public static Command Create(Func<ParseResult, IConfiguration?> read, Output output, Func<Stream> input, TimeProvider clock)
    {
        ProbeCommand it = new(read, output, input, clock);
        it._allow.Validators.Add(result =>
        {
            foreach (string text in (result.GetValue(it._allow) ?? []).Where(text => !Network.TryParse(text, out _)))
            {
                result.AddError($"--allow: '{text}' is no prefix; write it as 10.20.0.0/16");
            }
        });
        it._timeout.Validators.Add(result =>
        {
            if (result.GetValue(it._timeout) is { } time && (time < TimeSpan.FromMilliseconds(100) || time > TimeSpan.FromMinutes(5)))
            {
                result.AddError("--timeout: a time from 0:00:00.1 to 0:05:00");
            }
        });
        it._concurrency.Validators.Add(result =>
        {
            if (result.GetValue(it._concurrency) is <= 0 or > 20_000)
            {
                result.AddError("--concurrency: a number from 1 to 20000");
            }
        });
        Command command = new("probe", """
            ask hosts what they are: JARM, HASSHServer and host key, TCP/IP stack, certificates, web server

            Without --jarm and the like these are asked, each at its usual ports; a port with the target stands for them.

            Examples:
              whorl probe 198.51.100.7
              whorl probe example.com:8443 --jarm --cert --json
              whorl probe - --jarm --json < targets.txt > jarm.jsonl
              whorl probe 10.20.0.5 --allow 10.20.0.0/16
            """) { it._targets, it._jarm, it._hassh, it._tcp, it._cert, it._http, it._icmp, it._ipv6, it._allow, it._json, it._timeout, it._concurrency };
        command.SetAction(it.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        if (_read(parsed) is not { } configuration)
        {
            return ExitCode.WrongUsage;
        }

        // Three sections of the configuration, and none of the services of a node, whose making takes longer than many a scan.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddConfiguration(configuration);
        builder.AddProbesOptions().AddOutboundGuard();
        await using ServiceProvider settings = builder.Services.BuildServiceProvider();
        ProbesOptions options = settings.GetRequiredService<IOptions<ProbesOptions>>().Value;
        OutboundOptions outbound = settings.GetRequiredService<IOptions<OutboundOptions>>().Value;
        NodeOptions node = settings.GetRequiredService<IOptions<NodeOptions>>().Value;
        outbound.Allow.AddRange(parsed.GetValue(_allow) ?? []);
        options.Timeout = parsed.GetValue(_timeout) ?? options.Timeout;
        options.TargetsAtOnce = parsed.GetValue(_concurrency) ?? options.TargetsAtOnce;
        OutboundGuard guard = new(Options.Create(outbound), _clock, NullLogger<OutboundGuard>.Instance);
        if (guard.Fault is { } fault)
        {
            return _output.Fail(fault, "see Outbound:OptOutFile and Outbound:AsnFile", ExitCode.WrongUsage);
        }

        using ProbeSet probes = new(options, new SourcePorts(node.ProbePorts));
        IReadOnlyList<ProbeName> wanted = Wanted(parsed);
        if (wanted.Contains(ProbeName.Tcp) && !probes.HasRawPackets)
        {
            _output.Say("raw packets are not permitted: TCP/IP stacks are known by connections alone; run as root or with CAP_NET_RAW");
        }

        ProbeRun run = new(probes, guard, options, wanted, _clock);
        IProbeOutput shown = parsed.GetValue(_json) ? new ProbeLines(_output, _clock) : new ProbeTable(_output);
        return await CarryAsync(run, guard, shown, parsed.GetValue(_targets)!, options.TargetsAtOnce, cancel);
    }

    private async Task<int> CarryAsync(ProbeRun run, OutboundGuard guard, IProbeOutput shown, string[] targets, int atOnce, CancellationToken cancel)
    {
        int failed = 0, answered = 0, refused = 0;
        Channel<IReadOnlyList<Answered>> results = Channel.CreateBounded<IReadOnlyList<Answered>>(atOnce);
        Task printing = PrintAsync();
        await Parallel.ForEachAsync(ReadTargets(targets, cancel), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel }, async (text, stop) =>
        {
            if (!TargetText.TryParse(text, out TargetText? target))
            {
                Interlocked.Increment(ref failed);
                Fail($"'{text}' is no target", "Write it as 198.51.100.7, example.com:8443 or [2001:db8::1]:22.");
                return;
            }

            ResolvedName name = await guard.ResolveAsync(target.Host, stop);
            if (name.Addresses.Count == 0)
            {
                Interlocked.Increment(ref failed);
                if (name.Refused.Count > 0)
                {
                    Interlocked.Increment(ref refused);
                    (PeerAddress address, OutboundVerdict verdict) = name.Refused[0];
                    Fail(
                        $"{text}: {(address.ToString() == target.Host ? "" : $"{address}: ")}it is not asked, for {verdict.Why()}",
                        verdict.Liftable ? $"If it is yours to ask, --allow {address} lets you." : "The configuration says so; nothing on the command line lifts it.");
                }
                else
                {
                    Fail($"{text}: {name.Fault}", "Is the name right, and is there a name server?");
                }

                return;
            }

            IReadOnlyList<Answered> all = await run.AskAsync(name.Addresses[0], target.Port, target.Host, stop);
            bool any = all.Any(each => each.Result.Failure is null);
            Interlocked.Increment(ref any ? ref answered : ref failed);
            await results.Writer.WriteAsync(all, stop);
        });
        results.Writer.Complete();
        await printing;
        shown.Finish();
        return failed == 0 ? ExitCode.Done : answered > 0 ? ExitCode.PartlyDone : ExitCode.Failed;

        async Task PrintAsync()
        {
            await foreach (IReadOnlyList<Answered> all in results.Reader.ReadAllAsync(cancel))
            {
                shown.Write(all);
            }
        }

        void Fail(string error, string hint)
        {
            lock (results)
            {
                _output.Fail(error, hint);
            }
        }
    }

    private async IAsyncEnumerable<string> ReadTargets(string[] targets, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (string target in targets)
        {
            if (target != "-")
            {
                yield return target;
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

    private List<ProbeName> Wanted(ParseResult parsed)
    {
        (Option<bool> Option, ProbeName Name)[] each = [(_jarm, ProbeName.Jarm), (_hassh, ProbeName.Hassh), (_tcp, ProbeName.Tcp), (_cert, ProbeName.Certificate), (_http, ProbeName.Http), (_icmp, ProbeName.Icmp), (_ipv6, ProbeName.Ipv6)];
        List<ProbeName> named = [.. each.Where(pair => parsed.GetValue(pair.Option)).Select(pair => pair.Name)];
        return named.Count > 0 ? named : [.. each.Select(pair => pair.Name).Where(name => name is not (ProbeName.Icmp or ProbeName.Ipv6))];
    }
}

/// <summary>A target as a person writes it.</summary>
/// <param name="Port">0 where none is named.</param>
internal sealed record TargetText(string Host, ushort Port)
{
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TargetText? target)
    {
        target = null;
        string host = text, port = "";
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']');
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
            {
                return false;
            }

            (host, port) = (text[1..end], end + 1 < text.Length ? text[(end + 2)..] : "");
            if (!host.Contains(':') || (end + 1 < text.Length && port.Length == 0))
            {
                return false;
            }
        }
        else if (text.IndexOf(':') is >= 0 and int colon && colon == text.LastIndexOf(':'))
        {
            (host, port) = (text[..colon], text[(colon + 1)..]);
            if (port.Length == 0)
            {
                return false;
            }
        }

        ushort number = 0;
        if (host.Length is 0 or > 253 || host.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 || host.Contains('/') || (port.Length > 0 && (!ushort.TryParse(port, System.Globalization.NumberStyles.None, null, out number) || number == 0)))
        {
            return false;
        }

        target = new(host, number);
        return true;
    }
}
