using System.Collections.Frozen;

namespace Whorl.Sources.Sites.Pages.Html;

/// <summary>What the names of elements mean, as far as reading a page needs it.</summary>
internal static class HtmlNames
{
    /// <summary>Elements that hold nothing and have no end tag.</summary>
    public static readonly FrozenSet<string> Void = Set("area base basefont bgsound br col command embed frame hr image img input keygen link meta param source track wbr");

    /// <summary>Elements whose text is no markup.</summary>
    public static readonly FrozenSet<string> Raw = Set("iframe noembed noframes plaintext script style textarea title xmp");

    /// <summary>Of those, the ones in which references are still replaced.</summary>
    public static readonly FrozenSet<string> RawWithReferences = Set("textarea title");

    /// <summary>Elements whose text a visitor does not see.</summary>
    public static readonly FrozenSet<string> Unseen = Set("head iframe noembed noframes noscript object script style template title");

    /// <summary>Elements that stand within a word or a line: their tags are no white space of the text.</summary>
    public static readonly FrozenSet<string> Inline = Set("a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike strong sub sup time tt u var wbr");

    /// <summary>Start tags that end SVG or MathML around them (§13.2.6.5).</summary>
    public static readonly FrozenSet<string> EndsForeign = Set(
        "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var");

    /// <summary>Elements of SVG and MathML that hold HTML.</summary>
    public static readonly FrozenSet<string> HoldsHtml = Set("foreignobject desc title annotation-xml mi mo mn ms mtext");

    private static readonly string[] Blocks =
        "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre search section summary table ul".Split(' ');

    /// <summary>For a start tag, which elements it ends where they are the innermost: what HTML allows to be left without an end tag.</summary>
    public static readonly FrozenDictionary<string, FrozenSet<string>> Ends = new Dictionary<string, FrozenSet<string>>(StringComparer.Ordinal)
    {
        ["li"] = Set("li p"),
        ["dt"] = Set("dt dd p"),
        ["dd"] = Set("dt dd p"),
        ["option"] = Set("option"),
        ["optgroup"] = Set("option optgroup"),
        ["tr"] = Set("tr td th p"),
        ["td"] = Set("td th p"),
        ["th"] = Set("td th p"),
        ["thead"] = Set("tr td th thead tbody tfoot caption colgroup p"),
        ["tbody"] = Set("tr td th thead tbody tfoot caption colgroup p"),
        ["tfoot"] = Set("tr td th thead tbody tfoot caption colgroup p"),
        ["body"] = Set("head"),
        ["a"] = Set("a"),
    }.Concat(Blocks.Select(static name => KeyValuePair.Create(name, Set("p")))).ToFrozenDictionary(StringComparer.Ordinal);

    private static FrozenSet<string> Set(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
