using System.Collections.Frozen;
using System.Net.NetworkInformation;
using Whorl.Kernel;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Sources.Capture.Addresses;

/// <summary>
/// Recognises what this node itself asks others: probes bind their source ports in a range that nothing else uses, so a packet from or to one of
/// our own addresses with such a port is ours, or the answer to it.
/// </summary>
internal sealed class OwnProbes(PortRange ports, Func<IEnumerable<PeerAddress>> addresses)
{
    private volatile FrozenSet<UInt128> _own = Read(addresses);

    public bool Owns(in Sighting at) =>
        (ports.Contains(at.SourcePort) && _own.Contains(at.Source)) || (ports.Contains(at.DestinationPort) && _own.Contains(at.Destination));

    /// <summary>Asks again which addresses are ours.</summary>
    public void Refresh() => _own = Read(addresses);

    /// <summary>Addresses of this machine's interfaces.</summary>
    public static IEnumerable<PeerAddress> OfThisMachine() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(each => each.GetIPProperties().UnicastAddresses).Select(each => PeerAddress.From(each.Address));

    private static FrozenSet<UInt128> Read(Func<IEnumerable<PeerAddress>> addresses)
    {
        try
        {
            return addresses().Select(address => address.Bits).ToFrozenSet();
        }
        catch (NetworkInformationException)
        {
            // Without a list nothing is left out: too much is told rather than too little.
            return [];
        }
    }
}
