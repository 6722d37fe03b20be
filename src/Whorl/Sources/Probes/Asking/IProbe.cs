using Whorl.Kernel;

namespace Whorl.Sources.Probes.Asking;

/// <summary>The probes there are. Numbers are stored; they never change.</summary>
internal enum ProbeName
{
    Jarm = 0,
    Hassh = 1,
    Tcp = 2,
    Certificate = 3,
    Http = 4,
    Icmp = 5,
    Ipv6 = 6,
}

/// <summary>Why a probe has no result. Numbers are stored; they never change.</summary>
internal enum ProbeFailure
{
    Refused = 0,
    TimedOut = 1,
    Unreachable = 2,
    ClosedEarly = 3,
    NotThisProtocol = 4,
    TooLarge = 5,
    Forbidden = 6,
    NotPermitted = 7,
    Local = 8,
}

/// <summary>Whom a probe asks.</summary>
/// <param name="Address">Where packets go.</param>
/// <param name="Port">To which port; 0 for probes without one.</param>
/// <param name="Host">Name it was asked for by, else the address as text: for server_name and Host.</param>
/// <param name="Tls">True where this port is known to speak TLS.</param>
internal sealed record ProbeTarget(PeerAddress Address, ushort Port, string Host, bool Tls = false)
{
    public static ProbeTarget Of(PeerAddress address, ushort port) => new(address, port, address.ToString());
}

/// <summary>One thing that a probe found: an observation without what all of them have.</summary>
internal sealed record Finding(string Kind, Attributes Attributes);

/// <summary>What came of asking: findings, or why there are none.</summary>
internal sealed record ProbeResult(ProbeFailure? Failure, IReadOnlyList<Finding> Findings, string? Detail = null)
{
    public static ProbeResult Of(params IReadOnlyList<Finding> findings) => new(null, findings);

    public static ProbeResult Failed(ProbeFailure failure, string? detail = null) => new(failure, [], detail);

    public static implicit operator ProbeResult(ProbeFailure failure) => Failed(failure);
}

/// <summary>A way of asking a host what it is. Stateless: any number of asks at once.</summary>
internal interface IProbe
{
    ProbeName Name { get; }

    /// <summary>
    /// Asks. Everything it sends goes through the budget, whose deadline and byte cap hold for the ask as a whole. Faults of connections may be thrown;
    /// <see cref="Asker"/> turns them into reasons.
    /// </summary>
    Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel);
}

/// <summary>The words for probes and failures in observations, tables and on the command line.</summary>
internal static class ProbeWords
{
    public static readonly IReadOnlyList<ProbeName> All = Enum.GetValues<ProbeName>();

    public static string Word(this ProbeName name) => name switch
    {
        ProbeName.Jarm => "jarm",
        ProbeName.Hassh => "hassh",
        ProbeName.Tcp => "tcp",
        ProbeName.Certificate => "certificate",
        ProbeName.Http => "http",
        ProbeName.Icmp => "icmp",
        _ => "ipv6",
    };

    public static bool TryRead(string word, out ProbeName name)
    {
        name = All.FirstOrDefault(each => each.Word() == word);
        return name.Word() == word;
    }

    public static string Word(this ProbeFailure failure) => failure switch
    {
        ProbeFailure.Refused => "refused",
        ProbeFailure.TimedOut => "timed_out",
        ProbeFailure.Unreachable => "unreachable",
        ProbeFailure.ClosedEarly => "closed_early",
        ProbeFailure.NotThisProtocol => "not_this_protocol",
        ProbeFailure.TooLarge => "too_large",
        ProbeFailure.Forbidden => "forbidden",
        ProbeFailure.NotPermitted => "not_permitted",
        _ => "local",
    };
}
