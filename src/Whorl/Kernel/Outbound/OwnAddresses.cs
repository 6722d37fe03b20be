using System.Collections.Frozen;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Whorl.Kernel.Outbound;

/// <summary>Addresses of this machine, and the broadcast addresses of its networks. Immutable.</summary>
internal sealed class OwnAddresses(FrozenSet<UInt128> addresses, FrozenSet<UInt128> broadcasts)
{
    public static readonly OwnAddresses None = new([], []);

    public bool Contains(PeerAddress address) => addresses.Contains(address.Bits);

    public bool IsBroadcast(PeerAddress address) => broadcasts.Contains(address.Bits);

    /// <summary>Asks the system; null where it does not say.</summary>
    public static OwnAddresses? Read()
    {
        try
        {
            HashSet<UInt128> own = [], broadcasts = [];
            foreach (UnicastIPAddressInformation each in NetworkInterface.GetAllNetworkInterfaces().SelectMany(link => link.GetIPProperties().UnicastAddresses))
            {
                PeerAddress address = PeerAddress.From(each.Address);
                own.Add(address.Bits);
                if (each.Address.AddressFamily == AddressFamily.InterNetwork && each.PrefixLength is > 0 and < 31)
                {
                    broadcasts.Add(Network.Of(address, 96 + each.PrefixLength).Last.Bits);
                }
            }

            return new(own.ToFrozenSet(), broadcasts.ToFrozenSet());
        }
        catch (Exception fault) when (fault is NetworkInformationException or SocketException)
        {
            return null;
        }
    }
}
