namespace Whorl.Fingerprints.Tcp;

/// <summary>The signature that a stack fits.</summary>
/// <param name="Label">Whose signature it is.</param>
/// <param name="Systems">Systems that a userland program runs on, as listed in the file; else empty.</param>
/// <param name="IsFuzzy">Some quirk or the time to live differs in a way that middle boxes cause.</param>
/// <param name="IsRandomTtl">The sender varies its time to live, so the distance is an upper bound.</param>
/// <param name="Distance">Hops from the sender.</param>
/// <param name="Line">Line of the signature in the file, from 1.</param>
public sealed record P0fMatch(P0fLabel Label, IReadOnlyList<string> Systems, bool IsFuzzy, bool IsRandomTtl, int Distance, int Line);
