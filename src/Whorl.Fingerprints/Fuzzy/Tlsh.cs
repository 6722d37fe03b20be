namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// TLSH (Trend Micro locality sensitive hash), 128 buckets, one checksum byte, version T1: similar documents get near digests.
/// Digests and distances equal those of the reference, version 4.
/// </summary>
public static class Tlsh
{
    /// <summary>
    /// The digest of a document, <c>T1</c> and 70 hex digits; empty text where it has none
    /// (fewer than 50 bytes, or too little variety).
    /// </summary>
    /// <param name="data">The document.</param>
    public static string Hash(ReadOnlySpan<byte> data)
    {
        TlshHasher hasher = new();
        hasher.Append(data);
        return hasher.Digest();
    }

    /// <summary>The distance of two digests, 0 for (nearly) equal documents; -1 where one is not a digest.</summary>
    /// <param name="first">A digest, with or without <c>T1</c>.</param>
    /// <param name="second">Another digest.</param>
    /// <param name="withLength">False leaves the difference in length out, for documents that were padded.</param>
    public static int Distance(ReadOnlySpan<char> first, ReadOnlySpan<char> second, bool withLength = true) =>
        TlshDigest.TryParse(first, out TlshDigest a) && TlshDigest.TryParse(second, out TlshDigest b) ? a.DistanceTo(b, withLength) : -1;
}
