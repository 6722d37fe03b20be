using System.Buffers.Binary;

namespace Whorl.Fingerprints.Wire;

/// <summary>
/// Reads big-endian fields off a span. Never throws: after the first short read <see cref="Ok"/> stays false
/// and every further read gives zero or an empty span, so a parser checks once, at the end.
/// </summary>
/// <param name="bytes">The bytes to read.</param>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>True until a read asked for more bytes than were left.</summary>
    public bool Ok { get; private set; } = true;

    /// <summary>Bytes not yet read.</summary>
    public readonly int Left => _rest.Length;

    /// <summary>The bytes not yet read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads one byte.</summary>
    public byte U8() => Take(1) is { Length: 1 } s ? s[0] : (byte)0;

    /// <summary>Reads a 16-bit number in network order.</summary>
    public ushort U16() => Take(2) is { Length: 2 } s ? BinaryPrimitives.ReadUInt16BigEndian(s) : (ushort)0;

    /// <summary>Reads a 24-bit number in network order.</summary>
    public int U24() => Take(3) is { Length: 3 } s ? (s[0] << 16) | (s[1] << 8) | s[2] : 0;

    /// <summary>Reads a 32-bit number in network order.</summary>
    public uint U32() => Take(4) is { Length: 4 } s ? BinaryPrimitives.ReadUInt32BigEndian(s) : 0;

    /// <summary>Reads a block preceded by its length in one byte.</summary>
    public ReadOnlySpan<byte> Block8() => Take(U8());

    /// <summary>Reads a block preceded by its length in two bytes.</summary>
    public ReadOnlySpan<byte> Block16() => Take(U16());

    /// <summary>Reads a block preceded by its length in three bytes.</summary>
    public ReadOnlySpan<byte> Block24() => Take(U24());

    /// <summary>Reads <paramref name="count"/> bytes; an empty span, and <see cref="Ok"/> false, where fewer are left.</summary>
    /// <param name="count">How many bytes.</param>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (!Ok || (uint)count > (uint)_rest.Length)
        {
            Ok = false;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
