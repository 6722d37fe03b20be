using System.Net;
using System.Net.Sockets;

namespace Whorl.Kernel.Outbound;

/// <summary>A name's addresses that may be reached, or why there are none.</summary>
internal sealed record ResolvedName(IReadOnlyList<PeerAddress> Addresses, IReadOnlyList<(PeerAddress Address, OutboundVerdict Verdict)> Refused, string? Fault);

/// <summary>Resolves names once; who connects uses the addresses given here, so that a second answer of the name server changes nothing.</summary>
internal static class OutboundNames
{
    // Addresses of one name that are looked at: large services have a dozen.
    private const int MaxAddresses = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<ResolvedName> ResolveAsync(this OutboundGuard guard, string host, CancellationToken cancel)
    {
        IPAddress[] addresses;
        try
        {
            // A literal is read as everywhere in Whorl: no octal, no hex, no single number, no scope.
            addresses = PeerAddress.TryParse(host, out PeerAddress literal) ? [literal.ToIPAddress()]
                : IPAddress.TryParse(host, out _) ? throw new FormatException("write an address as four decimal numbers, or in full as IPv6")
                : await Dns.GetHostAddressesAsync(host, cancel).WaitAsync(Patience, cancel);
        }
        catch (Exception fault) when (fault is SocketException or FormatException or ArgumentException or TimeoutException)
        {
            return new([], [], fault.Message);
        }

        List<PeerAddress> allowed = [];
        List<(PeerAddress, OutboundVerdict)> refused = [];
        foreach (PeerAddress address in addresses.Take(MaxAddresses).Select(PeerAddress.From).Distinct())
        {
            OutboundVerdict verdict = guard.Check(address);
            if (verdict.Allowed)
            {
                allowed.Add(address);
            }
            else
            {
                refused.Add((address, verdict));
            }
        }

        return new(allowed, refused, allowed.Count + refused.Count == 0 ? "the name has no address" : null);
    }
}
