namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// ssdeep (spamsum), context-triggered piecewise hashing: similar documents get similar digests.
/// Digests and scores equal those of libfuzzy 2.14.
/// </summary>
public static class Ssdeep
{
    /// <summary>The digest of a document, <c>block:part:part</c>; at most 109 characters.</summary>
    /// <param name="data">The document; an empty one gives <c>3::</c>.</param>
    public static string Hash(ReadOnlySpan<byte> data)
    {
        // Of ordinary documents the block size that fits the length is the right one, or its half;
        // starting two below saves the small pieces. Where that was too high, everything is followed.
        int first = Math.Max(0, SsdeepHasher.LevelFor(data.Length) - 2);
        SsdeepHasher hasher = new(data.Length, first);
        hasher.Append(data);
        if (hasher.StartedTooHigh)
        {
            hasher = new SsdeepHasher(data.Length, 0);
            hasher.Append(data);
        }

        return hasher.Digest();
    }

    /// <summary>How alike two digests are: 0 (nothing in common found) to 100 (same), or -1 where one is not a digest.</summary>
    /// <param name="first">A digest; a comma and a file name may follow it.</param>
    /// <param name="second">Another digest.</param>
    public static int Compare(ReadOnlySpan<char> first, ReadOnlySpan<char> second) => SsdeepComparison.Score(first, second);
}
