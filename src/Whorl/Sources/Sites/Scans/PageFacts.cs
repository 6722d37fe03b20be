namespace Whorl.Sources.Sites.Scans;

/// <summary>What a page is made of.</summary>
internal sealed record PageFacts
{
    public required long Bytes { get; init; }

    public required string Sha256 { get; init; }

    public string? Ssdeep { get; init; }

    public string? Tlsh { get; init; }

    /// <summary>Bytes of the normalised text: visible text, lower case, white space folded.</summary>
    public long TextBytes { get; init; }

    public string? TextSha256 { get; init; }

    public string? TextSsdeep { get; init; }

    public string? TextTlsh { get; init; }

    /// <summary>64 bits in hex; absent where there is no text.</summary>
    public string? Simhash { get; init; }

    /// <summary>SHA-256 of the tree of tags, order kept.</summary>
    public string? DomSha256 { get; init; }

    public int Elements { get; init; }

    public int Depth { get; init; }

    /// <summary>Whether a cap on elements or depth ended the reading.</summary>
    public bool Cut { get; init; }

    public string? Charset { get; init; }

    public string? Title { get; init; }

    public string? Language { get; init; }

    public string? Generator { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<FormFact> Forms { get; init; } = [];

    public IReadOnlyList<TextFact> Comments { get; init; } = [];

    public IReadOnlyList<ScriptFact> Scripts { get; init; } = [];

    /// <summary>Hosts of other sites that the page takes something from or leads to.</summary>
    public IReadOnlyList<string> ExternalDomains { get; init; } = [];

    public IReadOnlyList<string> Iframes { get; init; } = [];

    /// <summary>Trackers, keys, contacts and wallets.</summary>
    public IReadOnlyList<IdentityFact> Identities { get; init; } = [];
}

/// <summary>A form.</summary>
internal sealed record FormFact
{
    /// <summary>Where it sends to, absolute.</summary>
    public string? Action { get; init; }

    public required string Method { get; init; }

    /// <summary>Names of its fields in order.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Whether it asks for a password.</summary>
    public bool Password { get; init; }

    /// <summary>Whether it asks for a payment card.</summary>
    public bool Card { get; init; }

    /// <summary>Whether it sends to another host than the page's.</summary>
    public bool Foreign { get; init; }
}

/// <summary>A comment: its hash and its beginning.</summary>
internal sealed record TextFact(string Sha256, string Text);

/// <summary>A script of the page: external by its address, inline by its hash.</summary>
internal sealed record ScriptFact
{
    public string? Url { get; init; }

    public string? Sha256 { get; init; }

    public long Bytes { get; init; }
}

/// <summary>Something in a page that belongs to somebody.</summary>
/// <param name="Group"><c>tracker</c>, <c>payment_key</c>, <c>site_key</c>, <c>contact</c> or <c>wallet</c>.</param>
/// <param name="Kind">Whose or which: <c>google-analytics</c>, <c>stripe</c>, <c>email</c>, <c>btc</c>.</param>
/// <param name="Value">In the one form that makes equal things equal.</param>
internal sealed record IdentityFact(string Group, string Kind, string Value);
