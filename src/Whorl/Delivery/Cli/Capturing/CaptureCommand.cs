using System.CommandLine;
using Whorl.Analysis.Filters;
using Whorl.Fingerprints.Tcp;
using Whorl.Native.Capture;
using Whorl.Sources.Capture.Addresses;
using Whorl.Sources.Capture.Inputs;
using Whorl.Sources.Capture.Listening;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Delivery.Cli.Capturing;

/// <summary><c>whorl capture</c>: passive fingerprints from an interface or from capture files.</summary>
internal sealed class CaptureCommand
{
    // A pipe or file is written in pieces of this size.
    private const int WriteBuffer = 64 * 1024;

    private readonly Option<string[]> _read = new("-r", "--read")
    {
        Description = "capture files to read: pcap or pcapng, gzipped or not; - is standard input",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _interface = new("-i", "--interface") { Description = "interface to listen on: eth0, any, or NAMESPACE:eth0; ends with ctrl-c", HelpName = "IFACE" };

    private readonly Option<bool> _follow = new("--follow") { Description = "wait for more at the end of the file, and for its successor under the same name" };

    private readonly Option<bool> _json = new("--json") { Description = "one JSON object a line; docs/reference/observations.md lists the names" };

    private readonly Option<string?> _map = new("--map") { Description = "names of addresses, a line each as in \"203.0.113.0/28 web-decoy\"; only traffic that touches them is shown", HelpName = "FILE" };

    private readonly Option<string?> _filter = new("--filter") { Description = "only observations that match, such as \"kind: tls.client_hello and tls.sni: *.example.org\"", HelpName = "FILTER" };

    private readonly Option<string?> _packets = new("--packets") { Description = "with -i: only packets that match, in the language of tcpdump, such as \"not port 22\"", HelpName = "FILTER" };

    private readonly Option<TimeSpan> _fold = new("--fold") { Description = "count what repeats within this time instead of showing it again, such as 0:05:00; off unless given", HelpName = "TIME" };

    private readonly Option<bool> _forms = new("--ja4-all") { Description = "all four forms of JA4" };

    private readonly Option<string?> _p0f = new("--p0f") { Description = "p0f signature file; default: where the system's package puts it", HelpName = "FILE" };

    private readonly Output _output;

    private readonly Func<Stream> _data;

    private CaptureCommand(Output output, Func<Stream> data) => (_output, _data) = (output, data);

    /// <param name="output">Where talk goes.</param>
    /// <param name="data">Opens standard output, as bytes.</param>
    public static Command Create(Output output, Func<Stream> data)
    {
        CaptureCommand it = new(output, data);
        it._fold.Validators.Add(result =>
        {
            if (result.GetValue(it._fold) is { } time && (time < TimeSpan.Zero || time > TimeSpan.FromDays(1)))
            {
                result.AddError("--fold: a time up to a day, such as 0:05:00");
            }
        });
        Command command = new("capture", """
            fingerprints of every peer: TCP stacks, TLS, QUIC, SSH, HTTP

            Examples:
              whorl capture -i eth0
              whorl capture -r *.pcapng.gz --json > observations.jsonl
              tcpdump -i eth0 -w - | whorl capture -r - --filter "kind: ssh.kex"
            """) { it._interface, it._read, it._follow, it._json, it._map, it._filter, it._packets, it._fold, it._forms, it._p0f };
        command.Validators.Add(result =>
        {
            bool files = result.GetResult(it._read) is not null, live = result.GetResult(it._interface) is not null;
            if (files == live)
            {
                result.AddError(files ? "capture: -i and -r do not go together" : "capture: name an interface with -i or files with -r");
            }
        });

        // Reading packets is one long synchronous loop; ctrl-c must find a thread that listens.
        command.SetAction((parsed, cancel) => Task.Factory.StartNew(() => it.Run(parsed, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancel)
    {
        if (!Filter.TryParse(parsed.GetValue(_filter), out Filter? filter, out FilterFault? wrong))
        {
            return _output.Fail($"--filter: {wrong!.Message}", "docs/reference/observations.md lists the names", ExitCode.WrongUsage);
        }

        AddressMap map = AddressMap.Empty;
        P0fSignatures? signatures;
        try
        {
            if (parsed.GetValue(_map) is { } file && !AddressMap.TryParse(File.ReadLines(file), out map, out string? fault))
            {
                return _output.Fail($"{file}:{fault}", "Each line names an address or prefix, then a name without spaces.", ExitCode.WrongUsage);
            }

            signatures = SignatureFile.Load(parsed.GetValue(_p0f));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return _output.Fail(fault.Message, "See --map and --p0f in `whorl capture --help`.", ExitCode.WrongUsage);
        }

        bool live = parsed.GetValue(_interface) is not null, eager = live || _output.Terminal || parsed.GetValue(_follow) || (parsed.GetValue(_read) ?? []).Contains(CaptureFile.StandardInput);
        using Stream stream = _data();
        using StreamWriter text = new(stream, bufferSize: WriteBuffer, leaveOpen: true);
        IObservationOutput shown = parsed.GetValue(_json) ? new LineOutput(stream, eager) : new ReadableOutput(text, _output.Terminal, eager);
        ObservingSettings settings = new()
        {
            Addresses = map.IsEmpty ? null : new(map),
            AllJa4Forms = parsed.GetValue(_forms),
            LinkOf = signatures is null ? null : signatures.LinkOf,
        };
        CaptureRun run = new(string.IsNullOrWhiteSpace(filter!.Text) ? shown : new FilteredOutput(filter, shown), settings, signatures, parsed.GetValue(_fold));
        try
        {
            int code = live ? Listen(parsed, run, cancel) : Read(parsed, run, cancel);
            if (run.Frames > 0)
            {
                _output.Say(run.Summary());
            }

            return code;
        }
        catch (StoppedReadingException)
        {
            // Who reads our output has seen enough, as `head` does.
            return ExitCode.Done;
        }
        catch (IOException fault)
        {
            return _output.Fail($"the output cannot be written: {fault.Message}", "Is the disk full?");
        }
    }

    private int Read(ParseResult parsed, CaptureRun run, CancellationToken cancel)
    {
        string[] files = parsed.GetValue(_read)!;
        int failed = 0, damaged = 0;
        foreach (string file in files)
        {
            long before = run.Frames;
            try
            {
                using CaptureFile source = CaptureFile.Open(file, parsed.GetValue(_follow));
                if (run.Carry(source, cancel) is { } fault)
                {
                    bool nothing = run.Frames == before;
                    (failed, damaged) = nothing ? (failed + 1, damaged) : (failed, damaged + 1);
                    _output.Fail(
                        $"{file}: {fault.Reason} at offset {fault.Offset}",
                        nothing ? "Give a pcap or pcapng file, as tcpdump -w and Wireshark write them." : "What came before is shown; capinfos (package wireshark-common) says more about the file.");
                }
            }
            catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
            {
                failed++;
                _output.Fail(
                    fault is UnauthorizedAccessException ? $"{file}: it may not be read" : $"{file}: there is no such file",
                    fault is UnauthorizedAccessException ? "A file of tcpdump often belongs to root or to the user tcpdump." : "Give the path of a pcap or pcapng file, or - for standard input.");
            }
            catch (IOException fault) when (run.Frames == before)
            {
                failed++;
                _output.Fail($"{file}: {fault.Message}", "Give a file, or - for standard input.");
            }
        }

        return failed == files.Length ? ExitCode.Failed : failed + damaged > 0 ? ExitCode.PartlyDone : ExitCode.Done;
    }

    private int Listen(ParseResult parsed, CaptureRun run, CancellationToken cancel)
    {
        if (!CapturePoint.TryParse(parsed.GetValue(_interface), out CapturePoint? point))
        {
            return _output.Fail($"-i: '{parsed.GetValue(_interface)}' is no interface", "Write it as eth0, NAMESPACE:eth0 or /proc/PID/ns/net:eth0; `ip link` names those there are.", ExitCode.WrongUsage);
        }

        CaptureFault? fault = LiveSource.TryOpen(point, new() { Filter = parsed.GetValue(_packets) ?? "" }, 1, out IReadOnlyList<LiveSource> sources);
        if (fault is not null)
        {
            return _output.Fail($"{point}: {fault.Reason}", CaptureHint.For(fault.Kind), fault.Kind == CaptureFaultKind.BadFilter ? ExitCode.WrongUsage : ExitCode.Failed);
        }

        using LiveSource source = sources[0];
        _output.Say($"listening on {point} by {source.Method}; ctrl-c ends");
        return run.Carry(source, cancel) is { } ended ? _output.Fail($"{point}: {ended.Reason}", code: ExitCode.PartlyDone) : ExitCode.Done;
    }
}
