using System.CommandLine;
using Whorl.Analysis.Filters;
using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Capture.Inputs;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Delivery.Cli.Capturing;

/// <summary><c>whorl capture</c>: passive fingerprints from capture files.</summary>
internal static class CaptureCommand
{
    public static Command Create(Output output, Func<Stream> data)
    {
        Option<string[]> read = new("-r", "--read")
        {
            Description = "capture files to read: pcap or pcapng, gzipped or not; - is standard input",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        Option<bool> follow = new("--follow") { Description = "wait for more at the end of the file, and for its successor under the same name" };
        Option<bool> json = new("--json") { Description = "one JSON object a line; docs/reference/observations.md lists the names" };
        Option<string?> map = new("--map") { Description = "names of addresses, a line each as in \"203.0.113.0/28 web-decoy\"; then only traffic that touches them is shown", HelpName = "FILE" };
        Option<string?> filter = new("--filter") { Description = "only observations that match, such as \"kind: tls.client_hello and tls.sni: *.example.org\"", HelpName = "FILTER" };
        Option<TimeSpan> fold = new("--fold") { Description = "count what repeats within this time instead of showing it again, such as 0:05:00; off unless given", HelpName = "TIME" };
        Option<bool> forms = new("--ja4-all") { Description = "all four forms of JA4" };
        Option<string?> p0f = new("--p0f") { Description = "p0f signature file; default: where the system's package puts it", HelpName = "FILE" };
        fold.Validators.Add(result =>
        {
            if (result.GetValue(fold) < TimeSpan.Zero || result.GetValue(fold) > TimeSpan.FromDays(1))
            {
                result.AddError("--fold: a time from 0:00:01 to a day, such as 0:05:00");
            }
        });
        Command command = new("capture", """
            fingerprints of every peer in a capture: TCP stacks, TLS, QUIC, SSH, HTTP

            Examples:
              whorl capture -r dump.pcap
              whorl capture -r *.pcapng.gz --json > observations.jsonl
              tcpdump -i eth0 -w - | whorl capture -r - --filter "kind: ssh.kex"
            """) { read, follow, json, map, filter, fold, forms, p0f };
        command.SetAction((parsed, cancel) => Task.FromResult(Run(parsed.GetValue(read)!, cancel)));
        return command;

        int Run(string[] files, CancellationToken cancel)
        {
            _ = cancel;
            return ExitCode.Done;
        }
    }
}
