namespace Whorl.Fingerprints.Tls;

/// <summary>
/// Remembers the digests of texts that come again and again: most hellos come from a few dozen programs, and a call into
/// the system's hash costs more than all the rest of a fingerprint. Exact: the whole text is compared. Bounded, and safe
/// for several threads at once.
/// </summary>
internal sealed class DigestMemo
{
    // A power of two, well above the number of client programs that a busy site sees at a time.
    private const int Slots = 1024;

    // Longer texts are only seen in attacks, and would hold memory (at most 1,024 of this length here).
    private const int MaxTextLength = 512;

    private readonly Entry?[] _entries = new Entry?[Slots];

    // The hash of the last text that was missed in each slot: a text is kept only when it comes a second time, so that
    // texts that never repeat (permuted extensions, random lists) neither allocate nor push out those that do.
    private readonly int[] _missed = new int[Slots];

    public delegate int Hasher(ReadOnlySpan<byte> text, Span<byte> digest);

    /// <summary>Gives the digest of a text, remembered or computed.</summary>
    public void Digest(ReadOnlySpan<byte> text, Hasher hasher, Span<byte> digest)
    {
        if (text.Length > MaxTextLength)
        {
            _ = hasher(text, digest);
            return;
        }

        HashCode hashCode = default;
        hashCode.AddBytes(text);
        int hash = hashCode.ToHashCode();
        int slot = hash & (Slots - 1);
        if (Volatile.Read(ref _entries[slot]) is { } entry && entry.Text.AsSpan().SequenceEqual(text))
        {
            entry.Digest.CopyTo(digest);
            return;
        }

        int length = hasher(text, digest);
        if (Interlocked.Exchange(ref _missed[slot], hash) == hash)
        {
            Volatile.Write(ref _entries[slot], new Entry(text.ToArray(), digest[..length].ToArray()));
        }
    }

    private sealed record Entry(byte[] Text, byte[] Digest);
}
