using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>What of a page belongs to somebody, and how it is found. Immutable; serves all threads.</summary>
internal sealed class IdentityCatalog
{
    /// <summary>Finds nothing.</summary>
    public static IdentityCatalog Empty { get; } = new();

    private readonly IdentityFact[] _none = [];

    /// <summary>Each once, bounded, in the order of the text.</summary>
    /// <param name="html">The page as text.</param>
    public IReadOnlyList<IdentityFact> Find(ReadOnlySpan<char> html) => html.IsEmpty ? _none : [];
}
