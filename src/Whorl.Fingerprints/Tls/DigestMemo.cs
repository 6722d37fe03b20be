using System.Runtime.InteropServices;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// Remembers the digests of lists that come again and again: most hellos come from a few dozen programs, and to write a list
/// down and to call the system's hash costs more than all the rest of a fingerprint. Exact: the whole list is compared.
/// Bounded, and safe for several threads at once.
/// </summary>
internal sealed class DigestMemo
{
    /// <summary>The most numbers of a list that is remembered. Longer ones are only seen in attacks.</summary>
    public const int MaxNumbers = 256;

    /// <summary>Stands between lists that are remembered together: GREASE, which no list of a fingerprint holds.</summary>
    public const ushort Between = 0x0A0A;

    // A power of two, well above the number of client programs that a busy site sees at a time.
    private const int Slots = 1024;

    private readonly Entry?[] _entries = new Entry?[Slots];

    // The hash of the last list that was missed in each slot: a list is kept only when it comes a second time, so that
    // those that never repeat (permuted extensions, random lists) neither allocate nor push out those that do.
    private readonly int[] _missed = new int[Slots];

    /// <summary>Finds the digest of a list.</summary>
    /// <param name="hash">Where it is not found: what <see cref="Keep"/> is to be given.</param>
    public bool TryFind(ReadOnlySpan<ushort> numbers, Span<byte> digest, out int hash)
    {
        HashCode code = default;
        code.AddBytes(MemoryMarshal.AsBytes(numbers));
        hash = code.ToHashCode();
        if (Volatile.Read(ref _entries[hash & (Slots - 1)]) is not { } entry || !numbers.SequenceEqual(entry.Numbers))
        {
            return false;
        }

        entry.Digest.CopyTo(digest);
        return true;
    }

    public void Keep(ReadOnlySpan<ushort> numbers, int hash, ReadOnlySpan<byte> digest)
    {
        int slot = hash & (Slots - 1);
        if (Interlocked.Exchange(ref _missed[slot], hash) == hash)
        {
            Volatile.Write(ref _entries[slot], new Entry(numbers.ToArray(), digest.ToArray()));
        }
    }

    private sealed record Entry(ushort[] Numbers, byte[] Digest);
}
