using System.CommandLine;
using System.Text;
using System.Text.Json;
using Whorl.Delivery.Cli.Capturing;

namespace Whorl.Tests.Capture.Observing;

/// <summary>Runs <c>whorl capture</c> and reads what it wrote to standard output.</summary>
internal static class CaptureOutput
{
    public static (int Code, string Data, string Talk) Run(params string[] arguments)
    {
        using MemoryStream data = new();
        using StringWriter talk = new();
        Command command = CaptureCommand.Create(new(TextWriter.Null, talk, terminal: false), () => new Unclosed(data));
        int code = new RootCommand { command }.Parse(["capture", .. arguments]).Invoke();
        return (code, Encoding.UTF8.GetString(data.ToArray()), talk.ToString());
    }

    public static IEnumerable<JsonElement> Objects(string data) =>
        data.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line));

    /// <summary>An object in the words of the expected values.</summary>
    public static IEnumerable<string> Lines(JsonElement it)
    {
        string kind = Text(it, "kind");
        string from = $"{Text(it, "source.ip")}:{Number(it, "source.port")}", to = $"{Text(it, "destination.ip")}:{Number(it, "destination.port")}";
        string transport = Text(it, "tls.transport") is "tcp" ? "tls" : Text(it, "tls.transport");
        switch (kind)
        {
            case "tcp.syn" or "tcp.synack":
                string mode = kind == "tcp.syn" ? "syn" : "syn+ack";
                string ends = kind == "tcp.syn" ? $"{from} > {to}" : $"{to} > {from}";
                string os = Text(it, "os.name");
                return [
                    $"p0f {ends} {mode} {(mode == "syn" ? "cli" : "srv")} {(os.Length == 0 ? "???" : os)} {Number(it, "tcp.distance")} {Text(it, "tcp.signature")}",
                    $"stack {from} > {to} {mode} {Number(it, "tcp.ttl")} {Number(it, "tcp.window")} {Number(it, "tcp.mss")}",
                ];
            case "tls.client_hello" or "quic.client_hello" or "dtls.client_hello":
                return [$"hello {transport} {from} > {to} {Text(it, "tls.ja3_text")} {Text(it, "tls.ja3")} {Text(it, "tls.ja4")} {Text(it, "tls.ja4_r")} {Text(it, "tls.ja4_o")} {Text(it, "tls.ja4_ro")} {Text(it, "tls.sni")}"];
            case "tls.session":
                return [
                    $"answer {transport} {to} > {from} {Text(it, "tls.ja3s_text")} {Text(it, "tls.ja3s")} {it.TryGetProperty("tls.retry", out _)}",
                    $"session {transport} {from} > {to} {(Text(it, "tls.ja3") is { Length: > 0 } ja3 ? ja3 : "-")} {Text(it, "tls.ja3s")} {Resumption(Text(it, "tls.resumption"))}",
                ];
            case "tls.certificate":
                return [$"x509 {from} > {to} {Number(it, "certificate.index")} {Text(it, "certificate.sha256")}"];
            case "ssh.banner":
                return [$"banner {from} > {to} {Text(it, "ssh.banner")}"];
            case "ssh.kex":
                return [$"kexside {from} > {to} {Text(it, "ssh.side")} {Text(it, "ssh.banner")}"];
            default:
                return [];
        }
    }

    private static string Resumption(string text) => text switch
    {
        "session_id" => "SessionId",
        "session_ticket" => "SessionTicket",
        "pre_shared_key" => "PreSharedKey",
        "early_data" => "EarlyData",
        _ => "None",
    };

    private static string Text(JsonElement it, string name) => it.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "";

    private static long Number(JsonElement it, string name) => it.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;

    // The command closes what it opened; the test reads it afterwards.
    private sealed class Unclosed(MemoryStream inner) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
