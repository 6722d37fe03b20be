using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>MurmurHash3 x86, 32 bits (Austin Appleby, public domain).</summary>
public static class Murmur3
{
    private const uint Factor1 = 0xCC9E2D51;
    private const uint Factor2 = 0x1B873593;

    /// <summary>The hash of the bytes. Search engines print it signed: cast to <see cref="int"/>.</summary>
    /// <param name="data">The bytes; an empty span gives the mixed seed, 0 for seed 0.</param>
    /// <param name="seed">Where the hash begins; 0 in every use in this library.</param>
    public static uint Hash32(ReadOnlySpan<byte> data, uint seed = 0)
    {
        uint hash = seed;
        ReadOnlySpan<uint> blocks = MemoryMarshal.Cast<byte, uint>(data);
        foreach (uint block in blocks)
        {
            uint k = BitConverter.IsLittleEndian ? block : BinaryPrimitives.ReverseEndianness(block);
            hash = (BitOperations.RotateLeft(hash ^ Scramble(k), 13) * 5) + 0xE6546B64;
        }

        ReadOnlySpan<byte> tail = data[(blocks.Length * sizeof(uint))..];
        if (!tail.IsEmpty)
        {
            uint k = tail[0];
            k |= tail.Length > 1 ? (uint)tail[1] << 8 : 0;
            k |= tail.Length > 2 ? (uint)tail[2] << 16 : 0;
            hash ^= Scramble(k);
        }

        hash ^= (uint)data.Length;
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return hash ^ (hash >> 16);
    }

    private static uint Scramble(uint k) => BitOperations.RotateLeft(k * Factor1, 15) * Factor2;
}
