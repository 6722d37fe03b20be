using Whorl.Fingerprints.Fuzzy;

namespace Whorl.Delivery.Cli.Hashing;

/// <summary>How alike two documents are by their digests, in numbers and in words.</summary>
/// <param name="Same">Whether the bytes are the same; null where only fuzzy digests are known.</param>
/// <param name="SsdeepScore">0 to 100; null where one side has no digest.</param>
/// <param name="TlshDistance">0 and up; null where one side has no digest.</param>
/// <param name="TlshDistanceWithoutLength">The same without the difference in length.</param>
internal sealed record Likeness(bool? Same, int? SsdeepScore, int? TlshDistance, int? TlshDistanceWithoutLength)
{
    public static Likeness Of(FileHashes first, FileHashes second) => new(
        first.Sha256 == second.Sha256,
        Known(Ssdeep.Compare(first.Ssdeep, second.Ssdeep)),
        Known(Tlsh.Distance(first.Tlsh, second.Tlsh)),
        Known(Tlsh.Distance(first.Tlsh, second.Tlsh, withLength: false)));

    public static Likeness OfSsdeep(string first, string second) => new(null, Known(Ssdeep.Compare(first, second)), null, null);

    public static Likeness OfTlsh(string first, string second) =>
        new(null, null, Known(Tlsh.Distance(first, second)), Known(Tlsh.Distance(first, second, withLength: false)));

    public bool Comparable => Same == true || SsdeepScore is not null || TlshDistance is not null;

    // The nearer of the two methods decides: ssdeep finds long stretches that are the same, TLSH a like mix of short ones,
    // and a document that was cut, padded or shuffled fools one of them. 30, 70 and 100 are the usual TLSH thresholds.
    public LikenessDegree Degree => this switch
    {
        { Same: true } => LikenessDegree.Same,
        { Comparable: false } => LikenessDegree.Unknown,
        { SsdeepScore: >= 80 } or { TlshDistance: <= 30 } => LikenessDegree.VerySimilar,
        { SsdeepScore: >= 40 } or { TlshDistance: <= 70 } => LikenessDegree.Similar,
        { SsdeepScore: > 0 } or { TlshDistance: <= 100 } => LikenessDegree.SlightlySimilar,
        _ => LikenessDegree.Different,
    };

    public string Words => Degree switch
    {
        LikenessDegree.Same => "the same, byte for byte",
        LikenessDegree.VerySimilar => "very similar: most of one is in the other",
        LikenessDegree.Similar => "similar: large parts agree",
        LikenessDegree.SlightlySimilar => "slightly similar: some parts agree, or documents of the same sort",
        LikenessDegree.Different => "different: nothing telling in common",
        _ => "cannot be told: too short, or with too little variety, for these methods",
    };

    private static int? Known(int value) => value < 0 ? null : value;
}

internal enum LikenessDegree
{
    Unknown,
    Different,
    SlightlySimilar,
    Similar,
    VerySimilar,
    Same,
}
