using System.Collections.Frozen;

namespace Whorl.Fingerprints.Matching;

/// <summary>An immutable set of signatures, looked up by fingerprint. Safe for any number of readers; swap it whole to change it.</summary>
public sealed class SignatureSet
{
    private readonly FrozenDictionary<Key, Signature[]> _exact;
    private readonly FrozenDictionary<Key, Signature[]> _prefixes;
    private readonly int[] _prefixLengths;

    /// <summary>A set of these signatures.</summary>
    /// <param name="signatures">The signatures; several may share a fingerprint.</param>
    public SignatureSet(IEnumerable<Signature> signatures)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        Signature[] all = [.. signatures];
        _exact = Group(all.Where(signature => !signature.IsPrefix));
        _prefixes = Group(all.Where(signature => signature.IsPrefix));
        _prefixLengths = [.. _prefixes.Keys.Select(key => key.Value.Length).Distinct().OrderDescending()];
        Count = all.Length;
    }

    /// <summary>A set without signatures.</summary>
    public static SignatureSet Empty { get; } = new([]);

    /// <summary>How many signatures there are.</summary>
    public int Count { get; }

    /// <summary>The signatures of a fingerprint: exact ones first, then prefixes, longest first. Empty where none match.</summary>
    /// <param name="kind">The method.</param>
    /// <param name="value">The fingerprint in any spelling.</param>
    public IReadOnlyList<Signature> Match(FingerprintKind kind, ReadOnlySpan<char> value)
    {
        if (Count == 0 || !FingerprintValue.TryNormalize(kind, value, out string normal))
        {
            return [];
        }

        _exact.TryGetValue(new Key(kind, normal), out Signature[]? exact);
        List<Signature>? found = null;
        foreach (int length in _prefixLengths)
        {
            if (length <= normal.Length && _prefixes.TryGetValue(new Key(kind, normal[..length]), out Signature[]? prefixes))
            {
                found ??= [.. exact ?? []];
                found.AddRange(prefixes);
            }
        }

        return found ?? (IReadOnlyList<Signature>?)exact ?? [];
    }

    private static FrozenDictionary<Key, Signature[]> Group(IEnumerable<Signature> signatures) =>
        signatures.GroupBy(signature => new Key(signature.Kind, signature.Value)).ToFrozenDictionary(group => group.Key, group => group.ToArray());

    private readonly record struct Key(FingerprintKind Kind, string Value);
}
