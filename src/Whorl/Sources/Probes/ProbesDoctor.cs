using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Protocols.Packets;

namespace Whorl.Sources.Probes;

/// <summary>May this process send SYNs of its own, and are the ports of its probes its own?</summary>
internal sealed class ProbesDoctor(IOptions<NodeOptions> node) : IDoctorCheck
{
    private const string Name = "prober: packets";

    private const string RangeFile = "/proc/sys/net/ipv4/ip_local_port_range";

    public Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        SourcePorts ports = new(node.Value.ProbePorts);
        using SynExchange? exchange = SynExchange.TryOpen(ports);
        if (exchange is null)
        {
            return Task.FromResult(new DoctorFinding(
                Name, false, "raw packets are not permitted: TCP/IP stacks are known by connections alone", "run as root, or give CAP_NET_RAW: setcap cap_net_raw+ep on the whorl executable, or AmbientCapabilities in the unit"));
        }

        if (ports.Range is { } own && SystemRange() is { } system && own.First <= system.Last && system.First <= own.Last)
        {
            return Task.FromResult(new DoctorFinding(
                Name, false, $"Node:ProbePorts {own} overlaps the ports {system} that Linux gives to others: capture leaves out what is not ours", $"sysctl net.ipv4.ip_local_port_range=\"{system.First} {own.First - 1}\""));
        }

        return Task.FromResult(new DoctorFinding(Name, true, ports.Range is { } range ? $"SYNs may be sent; probes come from ports {range}" : "SYNs may be sent; probes come from any port", null));
    }

    private static PortRange? SystemRange()
    {
        try
        {
            return PortRange.TryParse(string.Join('-', File.ReadAllText(RangeFile).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), out PortRange range) ? range : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
