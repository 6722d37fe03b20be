namespace Whorl.Fingerprints.Tcp;

/// <summary>The signature that a stack fits.</summary>
/// <param name="Label">Whose signature it is.</param>
/// <param name="Systems">Systems that a userland program runs on, as listed in the file; else empty.</param>
/// <param name="IsFuzzy">Some quirk or the time to live differs in a way that middle boxes cause.</param>
/// <param name="IsRandomTtl">The sender varies its time to live, so the distance is an upper bound.</param>
/// <param name="Distance">Hops from the sender.</param>
/// <param name="Line">Line of the signature in the file, from 1.</param>
public sealed record P0fMatch(P0fLabel Label, IReadOnlyList<string> Systems, bool IsFuzzy, bool IsRandomTtl, int Distance, int Line);

/// <summary>What a signature file calls a system or a program.</summary>
/// <param name="IsGeneric">The label names a family only; a specific one is preferred.</param>
/// <param name="Class">Such as <c>unix</c>, <c>win</c>; null for a program that makes its own packets (<c>!</c> in the file).</param>
/// <param name="Name">Such as <c>Linux</c>.</param>
/// <param name="Flavor">Such as <c>3.11 and newer</c>; may be empty.</param>
public sealed record P0fLabel(bool IsGeneric, string? Class, string Name, string Flavor)
{
    /// <summary>A scanner or other program with packets of its own, not an operating system.</summary>
    public bool IsUserland => Class is null;

    /// <summary>Name and flavour as p0f prints them.</summary>
    public override string ToString() => Flavor.Length == 0 ? Name : $"{Name} {Flavor}";
}
