using System.Globalization;
using System.Text;
using System.Text.Json;
using Whorl.Kernel;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Delivery.Cli.Capturing;

/// <summary>One short line for each observation: time, kind, who to whom, and what tells most. Tabs between them in a pipe.</summary>
internal sealed class ReadableOutput(TextWriter writer, bool terminal, bool eager) : IObservationOutput
{
    // An address with port; longer ones push the rest to the right.
    private const int PeerWidth = 21;

    private const int KindWidth = 18;

    private const int MaxValue = 160;

    private Utf8JsonBuffer _json = new(4096);

    // What a line shows of each kind, the most telling first; a name before the value where it would not be understood alone.
    private static readonly Dictionary<string, (string Label, string Field)[]> Shown = new(StringComparer.Ordinal)
    {
        ["tcp"] = [("", "os.name"), ("", "tcp.signature"), ("distance ", "tcp.distance"), ("link ", "tcp.link"), ("up ", "tcp.uptime_s")],
        ["tls.certificate"] = [("", "certificate.subject"), ("issuer ", "certificate.issuer"), ("for ", "certificate.sans"), ("until ", "certificate.not_after"), ("", "certificate.fault"), ("sha256 ", "certificate.sha256")],
        ["tls"] = [("", "tls.ja4"), ("", "tls.sni"), ("", "tls.alpn"), ("ja3 ", "tls.ja3"), ("ja3s ", "tls.ja3s"), ("cipher ", "tls.cipher"), ("resumes by ", "tls.resumption")],
        ["ssh.banner"] = [("", "ssh.side"), ("", "ssh.banner")],
        ["ssh.kex"] = [("", "ssh.side"), ("hassh ", "ssh.hassh"), ("hassh server ", "ssh.hassh_server"), ("", "ssh.banner")],
        ["http"] = [("", "http.method"), ("", "http.host"), ("", "http.path"), ("", "http.header_hash"), ("", "http.user_agent")],
        ["flow"] = [("", "flow.protocol"), ("", "flow.close"), ("packets ", "flow.packets"), ("bytes ", "flow.bytes"), ("back ", "flow.packets_back"), ("bytes ", "flow.bytes_back")],
        ["ipv6"] = [("", "ipv6.mac"), ("", "ipv6.interface_id"), ("is ", "ipv6.neighbour")],
        ["icmp"] = [("type ", "icmp.type"), ("code ", "icmp.code"), ("bytes ", "icmp.payload_bytes")],
    };

    public void Write(in Observed observed)
    {
        using JsonDocument document = FilteredOutput.Parse(observed, ref _json);
        JsonElement attributes = document.RootElement;
        string kind = CaptureKinds.Of(observed.Kind).Name;
        DateTime time = new(observed.Ticks, DateTimeKind.Utc);
        string separator = terminal ? "  " : "\t";
        StringBuilder line = new(256);
        line.Append(time.ToString(terminal ? "HH:mm:ss.fff" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)).Append(separator);
        line.Append(terminal ? kind.PadRight(KindWidth) : kind).Append(separator);
        string from = Peer(attributes, "source"), to = Peer(attributes, "destination");
        line.Append(terminal ? from.PadRight(PeerWidth) : from).Append(terminal ? " → " : separator).Append(terminal ? to.PadRight(PeerWidth) : to);
        if (Text(attributes, "decoy") is { } decoy)
        {
            line.Append(separator).Append('[').Append(Output.Escape(decoy)).Append(']');
        }

        foreach ((string label, string field) in Shown.TryGetValue(kind, out (string, string)[]? own) ? own : Shown.GetValueOrDefault(kind.Split('.')[0] is "quic" or "dtls" ? "tls" : kind.Split('.')[0]) ?? [])
        {
            if (Text(attributes, field) is { } value)
            {
                line.Append(separator).Append(label).Append(Output.Escape(value.Length > MaxValue ? value[..MaxValue] + "…" : value));
            }
        }

        if (Text(attributes, "count") is { } count)
        {
            line.Append(separator).Append('+').Append(count).Append(" like it");
        }

        writer.Write(line.Append('\n'));
    }

    public void Tick(long time)
    {
        if (eager)
        {
            writer.Flush();
        }
    }

    public void Finish() => writer.Flush();

    private static string Peer(JsonElement attributes, string side)
    {
        string address = Text(attributes, side + ".ip") ?? "";
        return Text(attributes, side + ".port") is not { } port ? address : address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}";
    }

    private static string? Text(JsonElement attributes, string name) =>
        !attributes.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
}
