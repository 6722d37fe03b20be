using System.Buffers.Binary;

namespace Whorl.Kernel.Outbound;

/// <summary>
/// Addresses that are no host of somebody else on the Internet (IANA special-purpose registries, RFC 6890), and IPv4 addresses that stand in IPv6 ones.
/// </summary>
internal static class SpecialRanges
{
    private static readonly (Network Range, OutboundRefusal Refusal)[] V4 =
    [
        (Of("0.0.0.0/8"), OutboundRefusal.Unspecified),
        (Of("10.0.0.0/8"), OutboundRefusal.Private),
        (Of("100.64.0.0/10"), OutboundRefusal.Shared),
        (Of("127.0.0.0/8"), OutboundRefusal.Loopback),
        (Of("168.63.129.16"), OutboundRefusal.Metadata), // Azure's, the one such address in public space
        (Of("169.254.0.0/16"), OutboundRefusal.LinkLocal),
        (Of("172.16.0.0/12"), OutboundRefusal.Private),
        (Of("192.0.0.0/24"), OutboundRefusal.Reserved),
        (Of("192.0.2.0/24"), OutboundRefusal.Documentation),
        (Of("192.88.99.0/24"), OutboundRefusal.Reserved),
        (Of("192.168.0.0/16"), OutboundRefusal.Private),
        (Of("198.18.0.0/15"), OutboundRefusal.Benchmarking),
        (Of("198.51.100.0/24"), OutboundRefusal.Documentation),
        (Of("203.0.113.0/24"), OutboundRefusal.Documentation),
        (Of("224.0.0.0/4"), OutboundRefusal.Multicast),
        (Of("255.255.255.255"), OutboundRefusal.Broadcast),
        (Of("240.0.0.0/4"), OutboundRefusal.Reserved),
    ];

    private static readonly (Network Range, OutboundRefusal Refusal)[] V6 =
    [
        (Of("::"), OutboundRefusal.Unspecified),
        (Of("::1"), OutboundRefusal.Loopback),
        (Of("fe80::/10"), OutboundRefusal.LinkLocal),
        (Of("fc00::/7"), OutboundRefusal.UniqueLocal),
        (Of("ff00::/8"), OutboundRefusal.Multicast),
        (Of("2001:2::/48"), OutboundRefusal.Benchmarking),
        (Of("2001:db8::/32"), OutboundRefusal.Documentation),
        (Of("3fff::/20"), OutboundRefusal.Documentation),
        (Of("2001::/32"), OutboundRefusal.Tunnel), // Teredo: its server would decide where packets go
        (Of("2001::/23"), OutboundRefusal.Reserved),
    ];

    private static readonly Network Global = Of("2000::/3");

    private static readonly Network Nat64 = Of("64:ff9b::/96");

    private static readonly Network SixToFour = Of("2002::/16");

    /// <summary>What is special about the address as it is written.</summary>
    public static OutboundRefusal Find(PeerAddress address)
    {
        foreach ((Network range, OutboundRefusal refusal) in address.IsV4 ? V4 : V6)
        {
            if (range.Contains(address))
            {
                return refusal;
            }
        }

        // A translator's prefix is judged by what is inside; the other forms with IPv4 at their end were given up long ago.
        return address.IsV4 || Global.Contains(address) || Nat64.Contains(address) ? OutboundRefusal.None : OutboundRefusal.NotGlobal;
    }

    /// <summary>
    /// The IPv4 address that a packet to this address ends up at: NAT64 (RFC 6052), 6to4 (RFC 3056), ISATAP (RFC 5214) and the IPv4-compatible
    /// form (RFC 4291 §2.5.5.1). The mapped form is an IPv4 address already.
    /// </summary>
    public static PeerAddress? Inside(PeerAddress address)
    {
        if (address.IsV4)
        {
            return null;
        }

        uint low = (uint)address.Bits;
        return Nat64.Contains(address) || (address.Bits >> 32 == 0 && low > 1) ? V4Of(low)
            : SixToFour.Contains(address) ? V4Of((uint)(address.Bits >> 80))
            : (uint)(address.Bits >> 32) is 0x5EFE or 0x0200_5EFE ? V4Of(low)
            : null;
    }

    private static PeerAddress V4Of(uint bits)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, bits);
        return PeerAddress.From(new(bytes));
    }

    private static Network Of(string text) => Network.TryParse(text, out Network network) ? network : throw new InvalidOperationException(text);
}
