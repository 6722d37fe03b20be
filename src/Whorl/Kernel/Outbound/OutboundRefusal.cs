namespace Whorl.Kernel.Outbound;

/// <summary>Why an address may not be reached.</summary>
internal enum OutboundRefusal
{
    None,
    Unspecified,
    Private,
    Shared,
    Loopback,
    LinkLocal,
    Metadata,
    Multicast,
    Broadcast,
    Benchmarking,
    Documentation,
    Reserved,
    UniqueLocal,
    NotGlobal,
    Tunnel,
    Own,
    Denied,
    OptedOut,
    AllowListed,
    ListUnknown,
}

/// <summary>What the guard says about an address.</summary>
/// <param name="Refusal">Why not; <see cref="OutboundRefusal.None"/> where it may be reached.</param>
/// <param name="Detail">The prefix or system that says so, where a list does; the IPv4 address inside, where that one was judged.</param>
internal readonly record struct OutboundVerdict(OutboundRefusal Refusal, string? Detail = null)
{
    public bool Allowed => Refusal == OutboundRefusal.None;

    /// <summary>Whether <c>Outbound:Allow</c> or <c>--allow</c> can lift it.</summary>
    public bool Liftable => Refusal is > OutboundRefusal.None and <= OutboundRefusal.Own;

    /// <summary>Why, in words for a person.</summary>
    public string Why()
    {
        string why = Refusal switch
        {
            OutboundRefusal.None => "it may be reached",
            OutboundRefusal.Unspecified => "it names no host",
            OutboundRefusal.Private => "it is a private address",
            OutboundRefusal.Shared => "it is in the space that carriers share (100.64.0.0/10)",
            OutboundRefusal.Loopback => "it is this machine itself",
            OutboundRefusal.LinkLocal => "it is a link-local address",
            OutboundRefusal.Metadata => "it is where a cloud keeps the secrets of its machines",
            OutboundRefusal.Multicast => "it is a multicast address",
            OutboundRefusal.Broadcast => "it is a broadcast address",
            OutboundRefusal.Benchmarking => "it is reserved for benchmarks",
            OutboundRefusal.Documentation => "it is reserved for documentation",
            OutboundRefusal.Reserved => "it is reserved",
            OutboundRefusal.UniqueLocal => "it is a private IPv6 address",
            OutboundRefusal.NotGlobal => "it is no global IPv6 address",
            OutboundRefusal.Tunnel => "it hides an IPv4 address in a tunnel",
            OutboundRefusal.Own => "it is an address of this machine",
            OutboundRefusal.Denied => "Outbound:Deny names it",
            OutboundRefusal.OptedOut => "its owner asked to be left alone",
            OutboundRefusal.AllowListed => "a decision lets it in",
            _ => "an autonomous system is to be left alone, and the table of addresses cannot be read",
        };
        return Detail is null ? why : $"{why} ({Detail})";
    }
}
