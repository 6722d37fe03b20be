using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Whorl.Sources.Decoys.Ssh.Crypto;

/// <summary>
/// chacha20-poly1305@openssh.com (PROTOCOL.chacha20poly1305): two keys, one for the length and one for the rest, the sequence number as nonce. .NET's own ChaCha20Poly1305 is
/// the construction of RFC 8439 and cannot do it.
/// </summary>
internal sealed class ChaChaPoly(ReadOnlySpan<byte> key)
{
    public const int KeyLength = 64;

    public const int TagLength = 16;

    private readonly byte[] _main = key[..32].ToArray();

    private readonly byte[] _length = key[32..64].ToArray();

    /// <summary>The packet's length, from its first four bytes.</summary>
    public uint Length(uint sequence, ReadOnlySpan<byte> four)
    {
        Span<byte> plain = stackalloc byte[4];
        four[..4].CopyTo(plain);
        Stream(_length, sequence, 0, plain);
        return BinaryPrimitives.ReadUInt32BigEndian(plain);
    }

    /// <summary>Checks the tag behind the packet and decrypts what follows its length, in place.</summary>
    public bool TryOpen(uint sequence, Span<byte> packet, ReadOnlySpan<byte> tag)
    {
        Span<byte> computed = stackalloc byte[TagLength];
        Tag(sequence, packet, computed);
        if (!CryptographicOperations.FixedTimeEquals(computed, tag))
        {
            return false;
        }

        Stream(_main, sequence, 1, packet[4..]);
        return true;
    }

    /// <summary>Encrypts a packet in place and writes its tag.</summary>
    public void Seal(uint sequence, Span<byte> packet, Span<byte> tag)
    {
        Stream(_length, sequence, 0, packet[..4]);
        Stream(_main, sequence, 1, packet[4..]);
        Tag(sequence, packet, tag);
    }

    private void Tag(uint sequence, ReadOnlySpan<byte> packet, Span<byte> tag)
    {
        Span<byte> once = stackalloc byte[32];
        once.Clear();
        Stream(_main, sequence, 0, once);
        Poly1305(once, packet, tag);
    }

    // ChaCha20 with a 64-bit nonce (the sequence number, big endian) and a 64-bit block counter, as before RFC 8439.
    private static void Stream(ReadOnlySpan<byte> key, uint sequence, ulong block, Span<byte> bytes)
    {
        Span<uint> state = stackalloc uint[16];
        Span<uint> x = stackalloc uint[16];
        state[0] = 0x61707865;
        state[1] = 0x3320646e;
        state[2] = 0x79622d32;
        state[3] = 0x6b206574;
        for (int i = 0; i < 8; i++)
        {
            state[4 + i] = BinaryPrimitives.ReadUInt32LittleEndian(key[(4 * i)..]);
        }

        state[14] = 0;
        state[15] = BinaryPrimitives.ReverseEndianness(sequence);
        Span<byte> stream = stackalloc byte[64];
        while (!bytes.IsEmpty)
        {
            state[12] = (uint)block;
            state[13] = (uint)(block >> 32);
            state.CopyTo(x);
            for (int i = 0; i < 10; i++)
            {
                Quarter(x, 0, 4, 8, 12);
                Quarter(x, 1, 5, 9, 13);
                Quarter(x, 2, 6, 10, 14);
                Quarter(x, 3, 7, 11, 15);
                Quarter(x, 0, 5, 10, 15);
                Quarter(x, 1, 6, 11, 12);
                Quarter(x, 2, 7, 8, 13);
                Quarter(x, 3, 4, 9, 14);
            }

            for (int i = 0; i < 16; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(stream[(4 * i)..], x[i] + state[i]);
            }

            int count = Math.Min(64, bytes.Length);
            for (int i = 0; i < count; i++)
            {
                bytes[i] ^= stream[i];
            }

            bytes = bytes[count..];
            block++;
        }
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 7);
    }

    // RFC 8439 §2.5 with limbs of 26 bits.
    private static void Poly1305(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> tag)
    {
        const uint Mask = 0x3FFFFFF;
        ulong r0 = BinaryPrimitives.ReadUInt32LittleEndian(key) & 0x3FFFFFF, r1 = (BinaryPrimitives.ReadUInt32LittleEndian(key[3..]) >> 2) & 0x3FFFF03;
        ulong r2 = (BinaryPrimitives.ReadUInt32LittleEndian(key[6..]) >> 4) & 0x3FFC0FF, r3 = (BinaryPrimitives.ReadUInt32LittleEndian(key[9..]) >> 6) & 0x3F03FFF;
        ulong r4 = (BinaryPrimitives.ReadUInt32LittleEndian(key[12..]) >> 8) & 0x00FFFFF;
        ulong h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0;
        Span<byte> block = stackalloc byte[17];
        while (!message.IsEmpty)
        {
            int count = Math.Min(16, message.Length);
            block.Clear();
            message[..count].CopyTo(block);
            block[count] = 1;
            h0 += BinaryPrimitives.ReadUInt32LittleEndian(block) & Mask;
            h1 += (BinaryPrimitives.ReadUInt32LittleEndian(block[3..]) >> 2) & Mask;
            h2 += (BinaryPrimitives.ReadUInt32LittleEndian(block[6..]) >> 4) & Mask;
            h3 += (BinaryPrimitives.ReadUInt32LittleEndian(block[9..]) >> 6) & Mask;
            h4 += (BinaryPrimitives.ReadUInt32LittleEndian(block[12..]) >> 8) | ((uint)block[16] << 24);
            ulong d0 = (h0 * r0) + (5 * ((h1 * r4) + (h2 * r3) + (h3 * r2) + (h4 * r1)));
            ulong d1 = (h0 * r1) + (h1 * r0) + (5 * ((h2 * r4) + (h3 * r3) + (h4 * r2)));
            ulong d2 = (h0 * r2) + (h1 * r1) + (h2 * r0) + (5 * ((h3 * r4) + (h4 * r3)));
            ulong d3 = (h0 * r3) + (h1 * r2) + (h2 * r1) + (h3 * r0) + (5 * (h4 * r4));
            ulong d4 = (h0 * r4) + (h1 * r3) + (h2 * r2) + (h3 * r1) + (h4 * r0);
            d1 += d0 >> 26;
            d2 += d1 >> 26;
            d3 += d2 >> 26;
            d4 += d3 >> 26;
            h0 = (d0 & Mask) + ((d4 >> 26) * 5);
            h1 = (d1 & Mask) + (h0 >> 26);
            h0 &= Mask;
            (h2, h3, h4) = (d2 & Mask, d3 & Mask, d4 & Mask);
            message = message[count..];
        }

        UInt128 low = (UInt128)h0 + ((UInt128)h1 << 26) + ((UInt128)h2 << 52) + ((UInt128)h3 << 78);
        BigInteger sum = (BigInteger)low + ((BigInteger)h4 << 104);
        BigInteger prime = (BigInteger.One << 130) - 5;
        UInt128 pad = BinaryPrimitives.ReadUInt128LittleEndian(key[16..]);
        BigInteger total = ((sum % prime) + pad) & ((BigInteger.One << 128) - 1);
        BinaryPrimitives.WriteUInt128LittleEndian(tag, (UInt128)total);
    }
}
