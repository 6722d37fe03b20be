using System.Text.RegularExpressions;
using Whorl.Kernel.Content;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>How the value of an identity is brought into the one form that makes equal things equal.</summary>
internal enum IdentityForm
{
    Keep,
    Lower,
    Upper,

    /// <summary>Digits, after a plus where it is international; <c>00</c> is a plus.</summary>
    Phone,
}

/// <summary>One way in which something that belongs to somebody stands in a page: a fixed text, and what stands around it.</summary>
internal sealed record IdentityPattern
{
    public required string Group { get; init; }

    public required string Kind { get; init; }

    /// <summary>Fixed texts, case aside, where the form is tried.</summary>
    public required IReadOnlyList<string> Anchors { get; init; }

    /// <summary>Matches in linear time (NonBacktracking). Group <c>id</c> is the value, or <c>host</c> and <c>id</c> are.</summary>
    public required Regex Form { get; init; }

    /// <summary>Characters ahead of the anchor where the form may begin; 0: it begins at the anchor.</summary>
    public int Before { get; init; }

    /// <summary>Whether no letter, digit, <c>-</c> or <c>_</c> may stand before the anchor.</summary>
    public bool Word { get; init; }

    /// <summary>Whether the value needs a digit.</summary>
    public bool Digit { get; init; }

    public IdentityForm Value { get; init; }

    /// <summary>Values, case aside, that are nobody's.</summary>
    public IReadOnlySet<string> Except { get; init; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Texts and the values found in them; tests hold the pattern to its word.</summary>
    public IReadOnlyList<IdentityExample> Finds { get; init; } = [];

    public required ContentPlace Place { get; init; }
}

/// <param name="Value">Null: nothing is to be found.</param>
internal sealed record IdentityExample(string Text, string? Value);

/// <summary>A value that many unrelated pages show: out of documentation, or the vendor's own.</summary>
/// <param name="Value">As it is after its form; ends in <c>*</c> where only the beginning counts.</param>
internal sealed record SharedIdentity(string Kind, string Value, ContentPlace Place);
