using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages;

/// <summary>What the bytes of a page yield: its facts, and what it asks a browser to fetch or to go to next.</summary>
internal sealed record PageReading
{
    public required PageFacts Facts { get; init; }

    /// <summary>Icons that the page declares, each address once, in page order. <c>/favicon.ico</c> is not among them unless it is declared.</summary>
    public IReadOnlyList<DeclaredIcon> Icons { get; init; } = [];

    /// <summary>Scripts, style sheets and images by address, each once: those of the page's own site in page order, then the others.</summary>
    public IReadOnlyList<DeclaredAsset> Assets { get; init; } = [];

    /// <summary>Where <c>&lt;meta http-equiv=refresh&gt;</c> sends a browser to; null where it stays.</summary>
    public MetaRefresh? Refresh { get; init; }

    /// <summary>The beginning of the page as text, control characters left out, for <see cref="HttpFacts.Sample"/>.</summary>
    public string Sample { get; init; } = "";
}

/// <summary>An icon that a page declares.</summary>
/// <param name="Url">Absolute, http or https; or a <c>data:</c> URL as it stands (<see cref="DataUrl"/> reads it).</param>
/// <param name="Rel">In lower case: <c>icon</c>, <c>apple-touch-icon</c>, <c>apple-touch-icon-precomposed</c>, <c>mask-icon</c>.</param>
/// <param name="Sizes">As declared, such as <c>32x32</c>.</param>
internal sealed record DeclaredIcon(string Url, string Rel, string? Sizes);

/// <summary>Something that a browser would load with the page.</summary>
/// <param name="Url">Absolute, http or https, without a fragment.</param>
/// <param name="Kind"><c>script</c>, <c>style</c> or <c>image</c>, as <see cref="AssetFacts.Kind"/>.</param>
/// <param name="Foreign">Whether it is of another site.</param>
internal sealed record DeclaredAsset(string Url, string Kind, bool Foreign);

/// <param name="Url">Absolute, http or https.</param>
/// <param name="Seconds">How long a browser would wait first.</param>
internal sealed record MetaRefresh(string Url, int Seconds);
