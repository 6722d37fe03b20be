using Whorl.Kernel;

namespace Whorl.Sources.Probes.Asking;

/// <summary>What a target is asked, and at which ports; what hangs on an earlier answer comes after it.</summary>
internal sealed class ProbePlan(ProbeSet probes, ProbesOptions options, IReadOnlyCollection<ProbeName> wanted)
{
    private static readonly ushort[] Jarm = [443, 8443, 8080, 4443, 50050, 2222, 993, 995, 8888, 9001];
    private static readonly ushort[] Hassh = [22, 2222, 22222, 2022];
    private static readonly ushort[] Tcp = [22, 80, 443, 8080, 8443, 445, 3389];
    private static readonly ushort[] Http = [80, 443, 8080, 8443];

    /// <summary>The steps for a target; they may be carried side by side.</summary>
    /// <param name="port">A port that stands for the usual ones; 0 for these.</param>
    public IEnumerable<ProbeStep> For(PeerAddress address, ushort port, string host)
    {
        HashSet<ushort> jarm = [.. Ports(ProbeName.Jarm, port)], http = [.. Ports(ProbeName.Http, port)], certificate = [.. Ports(ProbeName.Certificate, port)];
        foreach (ushort each in jarm.Union(certificate).Union(http))
        {
            yield return new ProbeStep(
                new(address, each, host), jarm.Contains(each) ? probes.Find(ProbeName.Jarm) : null,
                certificate.Contains(each) ? probes.Find(ProbeName.Certificate) : null, http.Contains(each) ? probes.Find(ProbeName.Http) : null);
        }

        foreach (ProbeName name in (ProbeName[])[ProbeName.Hassh, ProbeName.Tcp, ProbeName.Icmp, ProbeName.Ipv6])
        {
            if (probes.Find(name) is { } probe)
            {
                foreach (ushort each in Ports(name, port))
                {
                    yield return new ProbeStep(new(address, each, host), probe, null, null);
                }
            }
        }
    }

    private IEnumerable<ushort> Ports(ProbeName name, ushort port)
    {
        if (!wanted.Contains(name) || options.Without.Contains(name.Word()))
        {
            return [];
        }

        (List<ushort> set, ushort[] usual) = name switch
        {
            ProbeName.Jarm or ProbeName.Certificate => (options.JarmPorts, Jarm),
            ProbeName.Hassh => (options.HasshPorts, Hassh),
            ProbeName.Tcp => (options.TcpPorts, Tcp),
            ProbeName.Http => (options.HttpPorts, Http),
            _ => ([], [0]),
        };
        return usual is [0] ? usual : port != 0 ? [port] : set.Count > 0 ? set.Distinct() : usual;
    }
}

/// <summary>
/// What is asked at one port: one probe, or JARM and then what follows from its answer. Where JARM found TLS the certificate is read and the web server is
/// asked over TLS; where it found nobody, the other two are spared the way; where it was not asked, both stand on their own.
/// </summary>
internal sealed class ProbeStep(ProbeTarget target, IProbe? first, IProbe? certificate, IProbe? http)
{
    public ProbeTarget Target => target;

    /// <summary>Every probe that may be asked here, in order.</summary>
    public IEnumerable<ProbeName> Names => new[] { first, certificate, http }.OfType<IProbe>().Select(probe => probe.Name);

    public async Task<IReadOnlyList<Answered>> CarryAsync(Asker asker, TargetLimits budget, CancellationToken cancel)
    {
        List<Answered> all = [];
        bool tls = false, nobody = false, asked = first is { Name: ProbeName.Jarm };
        if (first is not null)
        {
            Answered answered = await asker.AskAsync(first, target, budget, cancel);
            all.Add(answered);
            tls = asked && answered.Result.Failure is null;
            nobody = answered.Result.Failure is ProbeFailure.Refused or ProbeFailure.Unreachable or ProbeFailure.Forbidden;
        }

        if (certificate is not null && (tls || !asked))
        {
            all.Add(await asker.AskAsync(certificate, target, budget, cancel));
        }

        if (http is not null && !nobody)
        {
            all.Add(await asker.AskAsync(http, target with { Tls = tls }, budget, cancel));
        }
        else if (http is not null && nobody)
        {
            all.Add(new(http.Name, target, all[0].Result, 0, TimeSpan.Zero));
        }

        return all;
    }
}
