using System.Text;
using Whorl.Kernel.Sites;

namespace Whorl.Kernel;

/// <summary>One attribute of a kind, as the reference shows it.</summary>
internal readonly record struct ObservedField(string Name, FieldType Type, string Meaning);

/// <summary>What a kind of observation is and carries. The names are a contract with whoever reads the observations.</summary>
/// <param name="name">As in the type of the event.</param>
/// <param name="summary">One sentence for the reference.</param>
/// <param name="own">What this kind carries.</param>
/// <param name="shared">What it carries as other kinds do.</param>
internal sealed class ObservationKind(string name, string summary, ObservedField[] own, params ObservedField[][] shared)
{
    public string Name { get; } = name;

    public byte[] Utf8Name { get; } = Encoding.ASCII.GetBytes(name);

    public string Summary { get; } = summary;

    public ObservedField[] Fields { get; } = [.. own, .. shared.SelectMany(part => part)];
}

/// <summary>One source's kinds, as the reference shows them: a chapter, and the attributes that all of them have.</summary>
internal sealed record ObservationChapter(string Title, string Introduction, IReadOnlyList<ObservedField> Common, IReadOnlyList<ObservationKind> Kinds);

/// <summary>The table of kinds: what sources and analyses write, what filters ask for, what pages show and the reference lists.</summary>
internal static class ObservationKinds
{
    public static readonly IReadOnlyList<ObservationChapter> Chapters =
    [
        new("What capture sees",
            """
            `whorl capture --json` writes each observation as one flat object: `kind`, `time`, then the attributes. On the bus, in the store and in exports they are CloudEvents
            with the same attributes. Texts from peers are bounded (512 bytes for names, 2,048 for lines, 4,096 for lists; a cut one ends in `…`); bytes that are no UTF-8 are read as
            Latin-1, and everything outside of ASCII is written as `\u` escapes. All kinds below have these attributes:
            """, CaptureKinds.Common, CaptureKinds.All),
        new("What probes find", "`whorl probe --json` writes them as capture does. The subject is the address that was asked. All kinds below have these attributes:", ProbeKinds.Common, ProbeKinds.All),
        new("What decoys are told", "The subject is the address that spoke to the decoy. All kinds below have these attributes:", DecoyKinds.Common, DecoyKinds.All),
        new("What visits to sites find", "The subject is the site: its host. All kinds below have these attributes:", SiteKinds.Common, SiteKinds.All),
        new("What follows from observations", "Made by analyses of other observations, which they name. All kinds below have these attributes:", FindingKinds.Common, FindingKinds.All),
    ];

    /// <summary>Every attribute that an observation can have, by name; those of one name mean the same.</summary>
    public static IEnumerable<ObservedField> Fields =>
        Chapters.SelectMany(chapter => chapter.Common.Concat(chapter.Kinds.SelectMany(kind => kind.Fields))).DistinctBy(each => each.Name, StringComparer.Ordinal);
}
