using Whorl.Analysis.Explanations;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Captures;

/// <summary>One fingerprint with how often it was seen.</summary>
/// <param name="Peers">Addresses that showed it.</param>
internal sealed record FingerprintRow(string Label, string Field, string Value, long Count, int Peers, DateTimeOffset First, DateTimeOffset Last);

/// <summary>Adds up fingerprints of observations, from edge and capture alike.</summary>
internal static class Sightings
{
    /// <summary>Rows of one table.</summary>
    public const int MaxRows = 12;

    private static readonly (string Group, string Label, string Field)[] Marks =
    [
        ("TCP stack", "system", "os.name"), ("TCP stack", "stack", "tcp.stack"), ("TCP stack", "p0f", "tcp.signature"),
        ("TLS", "JA4", "tls.ja4"), ("TLS", "JA3", "tls.ja3"), ("TLS", "JA3S", "tls.ja3s"), ("TLS", "asks for", "tls.sni"), ("TLS", "certificate", "certificate.subject"), ("TLS", "JARM", "tls.jarm"),
        ("SSH", "HASSH", "ssh.hassh"), ("SSH", "HASSHServer", "ssh.hassh_server"), ("SSH", "banner", "ssh.banner"), ("SSH", "host key", "ssh.host_key_sha256"),
        ("HTTP", "user agent", "http.user_agent"), ("HTTP", "header order", "http.header_hash"), ("HTTP", "HTTP/2", "http2.fingerprint"), ("HTTP", "server", "http.server"), ("HTTP", "title", "http.title"),
    ];

    public static readonly string[] Groups = ["TCP stack", "TLS", "SSH", "HTTP"];

    public static IReadOnlyList<FingerprintRow> Of(string group, IEnumerable<Observation> observations)
    {
        Dictionary<(string, string), (string Label, long Count, HashSet<string> Peers, DateTimeOffset First, DateTimeOffset Last)> rows = [];
        foreach (Observation observation in observations)
        {
            foreach ((_, string label, string field) in Marks.Where(mark => mark.Group == group))
            {
                if (Explainer.Text(observation.Attributes, field) is not { Length: > 0 } value)
                {
                    continue;
                }

                var row = rows.GetValueOrDefault((field, value), (label, 0, [], observation.Time, observation.Time));
                row.Peers.Add(observation.Subject.Text);
                rows[(field, value)] = (label, row.Count + Count(observation), row.Peers, observation.Time < row.First ? observation.Time : row.First, observation.Time > row.Last ? observation.Time : row.Last);
            }
        }

        return [.. rows.Select(row => new FingerprintRow(row.Value.Label, row.Key.Item1, row.Key.Item2, row.Value.Count, row.Value.Peers.Count, row.Value.First, row.Value.Last))
            .OrderByDescending(row => row.Count).ThenBy(row => row.Value, StringComparer.Ordinal).Take(MaxRows)];
    }

    /// <summary>Sightings that an observation stands for.</summary>
    public static long Count(Observation observation) => Explainer.Number(observation.Attributes, "count") is { } count and >= 1 and < 1e15 ? (long)count : 1;

    /// <summary>What tells most of an observation, in a few words.</summary>
    public static string Gist(Observation observation)
    {
        string?[] parts = observation.Kind.Split('.')[0] switch
        {
            "tcp" => [Text("os.name"), Text("tcp.signature")],
            "tls" or "quic" or "dtls" => [Text("tls.ja4"), Text("tls.sni"), Text("certificate.subject")],
            "ssh" => [Text("ssh.banner"), Text("ssh.hassh"), Text("ssh.hassh_server")],
            "http" => [Text("http.method"), Explainer.TargetOf(observation.Attributes)],
            "flow" => [Text("flow.protocol"), Text("flow.close"), Text("flow.packets") + " packets"],
            "ipv6" => [Text("ipv6.mac"), Text("ipv6.neighbour")],
            "icmp" => ["type " + Text("icmp.type"), "code " + Text("icmp.code")],
            "probe" => [Text("probe.name"), Text("probe.failure"), Text("tls.jarm"), Text("ssh.hassh_server"), Text("ssh.banner"), Text("tcp.signature"), Text("certificate.subject"), Text("http.status"), Text("http.server"), Text("http.title")],
            "auth" => [Text("service"), Text("auth.user"), Text("auth.secret")],
            "command" => [Text("service"), Text("command.text")],
            "payload" => [Text("payload.type"), Text("payload.name"), Text("payload.sha256")],
            "query" => [Text("service"), Text("query.type"), Text("query.name")],
            "session" => [Text("service"), Text("session.close"), Text("session.attempts") is { } attempts and not "0" ? attempts + " sign-ins" : null],
            "fingerprint" => [Text("probe.name"), Text("rotation.kind"), Text("rotation.new")],
            "signature" => [Text("signature.label"), Text("signature.kind"), Text("signature.source")],
            _ => [],
        };
        return string.Join("  ", parts.Where(part => !string.IsNullOrEmpty(part)));

        string? Text(string field) => Explainer.Text(observation.Attributes, field);
    }
}
