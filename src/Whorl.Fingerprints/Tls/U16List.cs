using System.Buffers.Binary;
using System.Collections;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// A list of 16-bit numbers that still stand in the message they were read from, in network order, as sent.
/// Making one, walking it and asking it allocate nothing.
/// </summary>
public readonly struct U16List : IReadOnlyList<ushort>, IEquatable<U16List>
{
    private readonly byte[]? _bytes;
    private readonly int _start;

    internal U16List(byte[] bytes, int start, int count) => (_bytes, _start, Count) = (bytes, start, count);

    /// <summary>How many numbers the list holds.</summary>
    public int Count { get; }

    /// <summary>The number at a place.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The place is outside the list.</exception>
    public ushort this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(_start + (2 * index)));
        }
    }

    /// <summary>True where the number is in the list.</summary>
    /// <param name="value">The number looked for.</param>
    public bool Contains(ushort value)
    {
        foreach (ushort each in this)
        {
            if (each == value)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The list as its bytes, two per number, in network order.</summary>
    public ReadOnlySpan<byte> AsBytes() => _bytes.AsSpan(_start, 2 * Count);

    /// <summary>Walks the list in the order sent.</summary>
    public Enumerator GetEnumerator() => new(AsBytes());

    /// <inheritdoc/>
    IEnumerator<ushort> IEnumerable<ushort>.GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<ushort>)this).GetEnumerator();

    /// <summary>True where both lists hold the same numbers in the same order.</summary>
    /// <param name="other">The other list.</param>
    public bool Equals(U16List other) => AsBytes().SequenceEqual(other.AsBytes());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is U16List other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(AsBytes());
        return hash.ToHashCode();
    }

    /// <summary>True where both lists hold the same numbers in the same order.</summary>
    /// <param name="left">One list.</param>
    /// <param name="right">The other list.</param>
    public static bool operator ==(U16List left, U16List right) => left.Equals(right);

    /// <summary>True where the lists differ.</summary>
    /// <param name="left">One list.</param>
    /// <param name="right">The other list.</param>
    public static bool operator !=(U16List left, U16List right) => !left.Equals(right);

    /// <summary>Walks a <see cref="U16List"/> without allocating.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _bytes;
        private int _at;

        internal Enumerator(ReadOnlySpan<byte> bytes)
        {
            _bytes = bytes;
            _at = -2;
        }

        /// <summary>The number at the present place.</summary>
        public readonly ushort Current => BinaryPrimitives.ReadUInt16BigEndian(_bytes[_at..]);

        /// <summary>Goes to the next number; false at the end.</summary>
        public bool MoveNext() => (_at += 2) < _bytes.Length;
    }
}
