namespace Whorl.Sources.Sites.Scans;

/// <summary>What a visit came to.</summary>
internal enum SiteClass
{
    HttpContent,
    HttpError,
    Unreachable,
}

/// <summary>
/// One visit's fingerprint of a site, as it is kept, exported and printed: JSON with names in snake_case, what is absent left out.
/// Every text in it is of strangers: bounded where it was read, and escaped wherever it is shown.
/// </summary>
internal sealed record ScanRecord
{
    public const int CurrentSchema = 1;

    /// <summary>Counts up when a name changes its meaning.</summary>
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>UUIDv7; that of the run that made it.</summary>
    public required string Id { get; init; }

    /// <summary>What was asked for, normalised.</summary>
    public required string Url { get; init; }

    /// <summary>Its host in lower case, without a port.</summary>
    public required string Site { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required long ElapsedMs { get; init; }

    public required SiteClass Class { get; init; }

    /// <summary>Why it is no content; null for content. A word of <see cref="ScanReasons"/>.</summary>
    public string? Reason { get; init; }

    /// <summary>More about the reason, for people.</summary>
    public string? Detail { get; init; }

    public HttpFacts? Http { get; init; }

    public PageFacts? Page { get; init; }

    public IReadOnlyList<IconFacts> Icons { get; init; } = [];

    public IReadOnlyList<AssetFacts> Assets { get; init; } = [];

    public TlsFacts? Tls { get; init; }

    public NetworkFacts? Network { get; init; }

    public ScreenshotFacts? Screenshot { get; init; }

    /// <summary>What is not as at the scan of this address before: words of <see cref="ScanChange"/>. Null where there was none, or nobody compared.</summary>
    public IReadOnlyList<string>? Changed { get; init; }

    /// <summary>Parts that could not be had although they were asked for, as <c>part: why</c>.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];
}

/// <summary>Why a visit has no content.</summary>
internal static class ScanReasons
{
    public const string BadUrl = "bad_url";
    public const string Dns = "dns";
    public const string Refused = "refused";
    public const string Reset = "reset";
    public const string NoRoute = "no_route";
    public const string Tls = "tls";
    public const string TimedOut = "timed_out";
    public const string TooLarge = "too_large";
    public const string TooManyRedirects = "too_many_redirects";
    public const string RedirectLoop = "redirect_loop";
    public const string Blocked = "blocked";
    public const string Malformed = "malformed";

    /// <summary>An answer came, with a status of 400 or more.</summary>
    public const string Status = "status";
}

/// <summary>How the page was reached.</summary>
internal sealed record HttpFacts
{
    public IReadOnlyList<Hop> Hops { get; init; } = [];

    public required string FinalUrl { get; init; }

    public int Status { get; init; }

    /// <summary><c>1.0</c> or <c>1.1</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>In the order they came, without Set-Cookie, under the caps.</summary>
    public IReadOnlyList<HeaderFact> Headers { get; init; } = [];

    public IReadOnlyList<string> SetCookies { get; init; } = [];

    public string? ContentType { get; init; }

    public string? ContentEncoding { get; init; }

    /// <summary>Bytes of the body after decompression, as far as it was read.</summary>
    public long BodyBytes { get; init; }

    /// <summary>Whether a cap ended the reading.</summary>
    public bool Truncated { get; init; }

    /// <summary>The beginning of the body as text.</summary>
    public string? Sample { get; init; }

    public TimingFacts Timing { get; init; } = new();

    /// <summary>What the server seems to be made of: <c>nginx</c>, <c>php</c>, <c>cloudflare</c>.</summary>
    public IReadOnlyList<string> Stack { get; init; } = [];

    /// <summary>Object of the body, where it is kept.</summary>
    public string? Object { get; init; }
}

internal readonly record struct HeaderFact(string Name, string Value);

/// <summary>One request of the chain.</summary>
internal sealed record Hop
{
    public required string Url { get; init; }

    public string? Ip { get; init; }

    public int Status { get; init; }

    /// <summary>How it went on: <c>location</c>, <c>refresh</c> (header), <c>meta</c>; null at the end.</summary>
    public string? By { get; init; }

    public string? Location { get; init; }

    public long Ms { get; init; }
}

/// <summary>Milliseconds of the last hop.</summary>
internal sealed record TimingFacts
{
    public long DnsMs { get; init; }

    public long ConnectMs { get; init; }

    public long TlsMs { get; init; }

    public long FirstByteMs { get; init; }

    public long TotalMs { get; init; }
}

/// <summary>An icon that the page declares, or <c>/favicon.ico</c>.</summary>
internal sealed record IconFacts
{
    public required string Url { get; init; }

    public required long Bytes { get; init; }

    public required string Sha256 { get; init; }

    public required string Md5 { get; init; }

    /// <summary>As public search engines write it: a signed number.</summary>
    public required int Mmh3 { get; init; }

    /// <summary>Perceptual hash, 64 bits in hex; absent where the image cannot be read.</summary>
    public string? Phash { get; init; }

    public string? Format { get; init; }

    public int? Width { get; init; }

    public int? Height { get; init; }

    public string? Object { get; init; }
}

/// <summary>A script, style sheet or image of the site.</summary>
internal sealed record AssetFacts
{
    public required string Url { get; init; }

    /// <summary><c>script</c>, <c>style</c> or <c>image</c>.</summary>
    public required string Kind { get; init; }

    public int Status { get; init; }

    public long Bytes { get; init; }

    public bool Truncated { get; init; }

    public string? Sha256 { get; init; }

    public string? Ssdeep { get; init; }

    public string? Tlsh { get; init; }

    public string? Object { get; init; }

    /// <summary>Why it is not there.</summary>
    public string? Fault { get; init; }
}

internal sealed record ScreenshotFacts
{
    /// <summary>Perceptual hash; null for a picture of one colour.</summary>
    public string? Phash { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public string? Object { get; init; }
}
