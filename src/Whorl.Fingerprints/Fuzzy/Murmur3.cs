using System.Buffers.Binary;
using System.Numerics;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>MurmurHash3 x86, 32 bits (Austin Appleby, public domain).</summary>
public static class Murmur3
{
    /// <summary>The hash of the bytes. Search engines print it signed: cast to <see cref="int"/>.</summary>
    /// <param name="data">The bytes; an empty span gives 0 for seed 0.</param>
    /// <param name="seed">Where the hash begins; 0 in every use in this library.</param>
    public static uint Hash32(ReadOnlySpan<byte> data, uint seed = 0) =>
        Finish(Mix(seed, data), data[(data.Length & ~3)..], (uint)data.Length);

    /// <summary>Takes in all whole blocks of four bytes.</summary>
    internal static uint Mix(uint hash, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(uint); data = data[sizeof(uint)..])
        {
            uint block = Scramble(BinaryPrimitives.ReadUInt32LittleEndian(data));
            hash = (BitOperations.RotateLeft(hash ^ block, 13) * 5) + 0xE6546B64;
        }

        return hash;
    }

    /// <summary>Takes in whole blocks, then the last bytes that fill no block, and the length of everything.</summary>
    internal static uint Finish(uint hash, ReadOnlySpan<byte> tail, uint length)
    {
        hash = Mix(hash, tail);
        tail = tail[(tail.Length & ~3)..];
        uint last = 0;
        for (int i = 0; i < tail.Length; i++)
        {
            last |= (uint)tail[i] << (8 * i);
        }

        hash ^= Scramble(last) ^ length;
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return hash ^ (hash >> 16);
    }

    private static uint Scramble(uint block) => BitOperations.RotateLeft(block * 0xCC9E2D51, 15) * 0x1B873593;
}
