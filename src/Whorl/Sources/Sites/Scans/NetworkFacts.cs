using Whorl.Kernel.Certificates;

namespace Whorl.Sources.Sites.Scans;

/// <summary>How the site speaks TLS.</summary>
internal sealed record TlsFacts
{
    /// <summary><c>1.2</c>, <c>1.3</c>.</summary>
    public string? Version { get; init; }

    /// <summary>Cipher suite in hex.</summary>
    public string? Cipher { get; init; }

    public string? Alpn { get; init; }

    public string? Jarm { get; init; }

    public string? Ja3S { get; init; }

    /// <summary>Whether this machine would trust it for the site's name; null where that was not asked.</summary>
    public bool? Trusted { get; init; }

    /// <summary>Why not, in words: <c>expired</c>, <c>self_signed</c>, <c>other_name</c>, <c>untrusted_root</c>.</summary>
    public IReadOnlyList<string> Distrust { get; init; } = [];

    /// <summary>The server's own first.</summary>
    public IReadOnlyList<CertificateFacts> Certificates { get; init; } = [];
}

/// <summary>Where the site is.</summary>
internal sealed record NetworkFacts
{
    /// <summary>The address that answered.</summary>
    public string? Ip { get; init; }

    public IReadOnlyList<AddressFact> Addresses { get; init; } = [];

    public IReadOnlyList<string> Cname { get; init; } = [];

    public IReadOnlyList<string> Ns { get; init; } = [];

    public IReadOnlyList<string> Mx { get; init; } = [];

    public IReadOnlyList<string> Txt { get; init; } = [];
}

/// <summary>An address of the site, and whose it is as far as a table tells.</summary>
internal sealed record AddressFact
{
    public required string Ip { get; init; }

    public long? Asn { get; init; }

    public string? AsName { get; init; }

    public string? Prefix { get; init; }

    public string? Country { get; init; }
}
