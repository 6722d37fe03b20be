using System.Text.Json;
using Whorl.Delivery.Cli;

namespace Whorl.Tests.Capture.Observing;

/// <summary>From the files to the objects that <c>whorl capture -r FILE --json</c> writes to standard output.</summary>
public sealed class CaptureOutputSuiteTests : CaptureSuite
{
    // A target with escapes, hostile letters or more than a line is told decoded, replaced or cut: its place alone is compared.
    private const string AnyTarget = "*";

    private const int MaxTarget = 1000;

    protected override IEnumerable<string> Read(string path)
    {
        (int code, string data, string talk) = CaptureOutput.Run("-r", path, "--json", "--ja4-all");
        code.ShouldBeOneOf([ExitCode.Done, ExitCode.PartlyDone], talk);
        foreach (JsonElement it in CaptureOutput.Objects(data))
        {
            foreach (string line in CaptureOutput.Lines(it).Concat(More(it)))
            {
                yield return line;
            }
        }
    }

    protected override string DescribeKex(JsonElement record) =>
        $"kex {Ends(record)} {Text(record, "role")} {Text(record, Text(record, "role") == "server" ? "md5_as_server" : "md5_as_client")} {Shown(Text(record, "host_key_algorithms"))}";

    protected override string DescribeRequest(JsonElement record) =>
        $"http {Ends(record)} {Text(record, "method")} {Told(Text(record, "uri"))} {Text(record, "version")} {string.Join(',', record.GetProperty("header_names").EnumerateArray().Select(name => name.GetString()))}";

    private static IEnumerable<string> More(JsonElement it)
    {
        string ends = $"{Text(it, "source.ip")}:{Optional(it, "source.port")} > {Text(it, "destination.ip")}:{Optional(it, "destination.port")}";
        switch (Text(it, "kind"))
        {
            case "tcp.syn":
                return [$"p0f {ends} mtu cli {Optional(it, "tcp.mtu")} {Link(it)}"];
            case "tcp.synack":
                return [$"p0f {Text(it, "destination.ip")}:{Optional(it, "destination.port")} > {Text(it, "source.ip")}:{Optional(it, "source.port")} mtu srv {Optional(it, "tcp.mtu")} {Link(it)}"];
            case "ssh.kex":
                return [$"kex {ends} {Text(it, "ssh.side")} {Text(it, Text(it, "ssh.side") == "server" ? "ssh.hassh_server" : "ssh.hassh")} {Shown(Text(it, "ssh.host_keys"))}"];
            case "http.request":
                string target = Text(it, "http.path") + (it.TryGetProperty("http.query", out JsonElement query) ? "?" + query.GetString() : "");
                return [.. new[] { target, AnyTarget }.Select(shown => $"http {ends} {Text(it, "http.method")} {shown} HTTP/{Text(it, "http.version")} {Text(it, "http.header_order")}")];
            default:
                return [];
        }
    }

    private static string Link(JsonElement it) => Text(it, "tcp.link") is { Length: > 0 } link ? link : "???";

    private static int Optional(JsonElement it, string name) => it.TryGetProperty(name, out JsonElement number) ? number.GetInt32() : 0;

    // A list longer than HostileText.MaxList is cut on the way out.
    private static string Shown(string list) => list[..Math.Min(list.Length, 1000)];

    private static string Told(string target)
    {
        if (target.Contains('%') || target.Length > MaxTarget || target.EndsWith('?') || target.Any(letter => letter is < ' ' or > '~' or '"' or '\\'))
        {
            return AnyTarget;
        }

        int scheme = target.IndexOf("://", StringComparison.Ordinal), path = scheme is > 0 and <= 5 ? target.IndexOfAny(['/', '?'], scheme + 3) : 0;
        return path < 0 ? "" : target[path..];
    }
}
