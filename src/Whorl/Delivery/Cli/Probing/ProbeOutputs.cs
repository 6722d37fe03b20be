using System.Globalization;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Delivery.Cli.Probing;

/// <summary>How results are shown; used by one thread.</summary>
internal interface IProbeOutput
{
    void Write(IReadOnlyList<Answered> all);

    void Finish();
}

/// <summary>A JSON object a line, as <c>whorl capture --json</c> writes them.</summary>
internal sealed class ProbeLines(Output output, TimeProvider clock) : IProbeOutput
{
    public void Write(IReadOnlyList<Answered> all)
    {
        foreach ((Answered answered, Finding finding) in all.SelectMany(answered => FindingWriter.Findings(answered).Select(finding => (answered, finding))))
        {
            output.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("kind", finding.Kind);
                json.WriteString("time", clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
                FindingWriter.Common(answered, "operator").Write(json);
                finding.Attributes.Write(json);
                json.WriteEndObject();
            });
        }
    }

    public void Finish() => output.Data.Flush();
}

/// <summary>A table for people: what was found; ports where nothing is only where nothing was found at all.</summary>
internal sealed class ProbeTable(Output output) : IProbeOutput
{
    private static readonly string[] Headers = ["target", "port", "probe", "result"];

    // What a row shows of each probe, the most telling first; a name before the value where it would not be understood alone.
    private static readonly Dictionary<string, (string Label, string Field)[]> Shown = new(StringComparer.Ordinal)
    {
        ["probe.jarm"] = [("", "tls.jarm")],
        ["probe.hassh"] = [("", "ssh.hassh_server"), ("", "ssh.banner"), ("", "ssh.host_key_type"), ("", "ssh.host_key_sha256")],
        ["probe.tcp"] = [("", "tcp.state"), ("", "os.name"), ("", "tcp.signature"), ("by ", "probe.method")],
        ["probe.certificate"] = [("", "certificate.subject"), ("issuer ", "certificate.issuer"), ("until ", "certificate.not_after"), ("TLS ", "tls.chosen_version"), ("", "certificate.fault"), ("sha256 ", "certificate.sha256")],
        ["probe.ipv6"] = [("", "ipv6.address"), ("", "ipv6.mac"), ("", "ipv6.interface_id")],
        ["probe.icmp"] = [("", "icmp.errors")],
        ["probe.http"] = [("", "http.scheme"), ("", "http.status"), ("", "http.server"), ("", "http.title"), ("to ", "http.location"), ("icon ", "http.favicon_mmh3")],
    };

    private readonly List<string[]> _rows = [];

    public void Write(IReadOnlyList<Answered> all)
    {
        bool any = all.Any(IsTelling);
        foreach (Answered answered in any ? all.Where(IsTelling) : all.Where(each => each.Result.Failure is not null))
        {
            string target = answered.Target.Host == answered.Target.Address.ToString() ? answered.Target.Host : $"{answered.Target.Host} ({answered.Target.Address})";
            foreach (Finding finding in FindingWriter.Findings(answered))
            {
                string text = answered.Result.Failure is { } failure ? failure.Word().Replace('_', ' ')
                    : string.Join("  ", Shown[finding.Kind].Select(each => (each.Label, Value: finding.Attributes.Get(each.Field))).Where(each => each.Value is not null).Select(each => each.Label + each.Value));
                _rows.Add([target, $"{answered.Target.Port}", answered.Name.Word(), text]);
            }
        }

        // A pipe is told as it comes; a person's table is aligned once.
        if (!output.Terminal)
        {
            Finish();
        }
    }

    public void Finish()
    {
        if (_rows.Count > 0)
        {
            output.Table(Headers, _rows);
            _rows.Clear();
        }
    }

    private static bool IsTelling(Answered answered) => answered.Result.Failure is null && answered.Result.Findings.Any(finding => finding.Attributes.Get("tcp.state") != "closed");
}
