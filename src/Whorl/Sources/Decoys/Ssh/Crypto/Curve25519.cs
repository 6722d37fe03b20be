using System.Buffers.Binary;

namespace Whorl.Sources.Decoys.Ssh.Crypto;

/// <summary>
/// X25519 (RFC 7748 §5), which .NET 10 does not offer. Field elements have five limbs of 51 bits. Not in constant time everywhere: the keys are a decoy's, made for one
/// conversation in which there is nothing to protect.
/// </summary>
internal static class Curve25519
{
    public const int Length = 32;

    private const ulong Mask = (1UL << 51) - 1;

    private const ulong A24 = 121665;

    public static byte[] PublicKey(ReadOnlySpan<byte> secret)
    {
        Span<byte> nine = stackalloc byte[Length];
        nine.Clear();
        nine[0] = 9;
        return Multiply(secret, nine);
    }

    /// <summary>The x coordinate of the point times the secret.</summary>
    public static byte[] Multiply(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> point)
    {
        Span<byte> scalar = stackalloc byte[Length];
        secret[..Length].CopyTo(scalar);
        scalar[0] &= 248;
        scalar[31] = (byte)((scalar[31] & 127) | 64);
        Element x1 = Element.Read(point);
        Element x2 = new(1), z2 = default, x3 = x1, z3 = new(1);
        int swapped = 0;
        for (int i = 254; i >= 0; i--)
        {
            int bit = (scalar[i >> 3] >> (i & 7)) & 1;
            if ((swapped ^ bit) != 0)
            {
                (x2, x3) = (x3, x2);
                (z2, z3) = (z3, z2);
            }

            swapped = bit;
            Element a = x2 + z2, b = x2 - z2;
            Element aa = a * a, bb = b * b, e = aa - bb;
            Element c = x3 + z3, d = x3 - z3;
            Element da = d * a, cb = c * b;
            Element sum = da + cb, difference = da - cb;
            x3 = sum * sum;
            z3 = x1 * (difference * difference);
            x2 = aa * bb;
            z2 = e * (aa + (e * new Element(A24)));
        }

        return (swapped != 0 ? x3 * z3.Inverse() : x2 * z2.Inverse()).Write();
    }

    private readonly struct Element(ulong l0, ulong l1 = 0, ulong l2 = 0, ulong l3 = 0, ulong l4 = 0)
    {
        private readonly ulong _l0 = l0, _l1 = l1, _l2 = l2, _l3 = l3, _l4 = l4;

        public static Element Read(ReadOnlySpan<byte> bytes)
        {
            ulong w0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes), w1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
            ulong w2 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), w3 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
            return new(w0 & Mask, ((w0 >> 51) | (w1 << 13)) & Mask, ((w1 >> 38) | (w2 << 26)) & Mask, ((w2 >> 25) | (w3 << 39)) & Mask, (w3 >> 12) & Mask);
        }

        public static Element operator +(Element a, Element b) => Carry(a._l0 + b._l0, a._l1 + b._l1, a._l2 + b._l2, a._l3 + b._l3, a._l4 + b._l4);

        // Four times the prime is added first, so that no limb goes below zero.
        public static Element operator -(Element a, Element b) => Carry(
            a._l0 + 0x1FFFFFFFFFFFB4 - b._l0, a._l1 + 0x1FFFFFFFFFFFFC - b._l1, a._l2 + 0x1FFFFFFFFFFFFC - b._l2, a._l3 + 0x1FFFFFFFFFFFFC - b._l3, a._l4 + 0x1FFFFFFFFFFFFC - b._l4);

        public static Element operator *(Element a, Element b)
        {
            ulong b1 = b._l1 * 19, b2 = b._l2 * 19, b3 = b._l3 * 19, b4 = b._l4 * 19;
            UInt128 r0 = M(a._l0, b._l0) + M(a._l1, b4) + M(a._l2, b3) + M(a._l3, b2) + M(a._l4, b1);
            UInt128 r1 = M(a._l0, b._l1) + M(a._l1, b._l0) + M(a._l2, b4) + M(a._l3, b3) + M(a._l4, b2);
            UInt128 r2 = M(a._l0, b._l2) + M(a._l1, b._l1) + M(a._l2, b._l0) + M(a._l3, b4) + M(a._l4, b3);
            UInt128 r3 = M(a._l0, b._l3) + M(a._l1, b._l2) + M(a._l2, b._l1) + M(a._l3, b._l0) + M(a._l4, b4);
            UInt128 r4 = M(a._l0, b._l4) + M(a._l1, b._l3) + M(a._l2, b._l2) + M(a._l3, b._l1) + M(a._l4, b._l0);
            r1 += (ulong)(r0 >> 51);
            r2 += (ulong)(r1 >> 51);
            r3 += (ulong)(r2 >> 51);
            r4 += (ulong)(r3 >> 51);
            ulong low = ((ulong)r0 & Mask) + ((ulong)(r4 >> 51) * 19);
            return new(low & Mask, ((ulong)r1 & Mask) + (low >> 51), (ulong)r2 & Mask, (ulong)r3 & Mask, (ulong)r4 & Mask);
        }

        // To the power of p - 2 (Fermat): all bits of the exponent are set but bits 2 and 4.
        public Element Inverse()
        {
            Element result = new(1);
            for (int i = 254; i >= 0; i--)
            {
                result *= result;
                result = i is 2 or 4 ? result : result * this;
            }

            return result;
        }

        public byte[] Write()
        {
            Element e = Carry(_l0, _l1, _l2, _l3, _l4);
            ulong w0 = e._l0, w1 = e._l1, w2 = e._l2, w3 = e._l3, w4 = e._l4;

            // The quotient by the prime is zero or one; found by adding 19 and looking for the carry.
            ulong q = (w0 + 19) >> 51;
            q = (w1 + q) >> 51;
            q = (w2 + q) >> 51;
            q = (w3 + q) >> 51;
            q = (w4 + q) >> 51;
            w0 += 19 * q;
            w1 += w0 >> 51;
            w2 += w1 >> 51;
            w3 += w2 >> 51;
            w4 += w3 >> 51;
            (w0, w1, w2, w3, w4) = (w0 & Mask, w1 & Mask, w2 & Mask, w3 & Mask, w4 & Mask);
            byte[] bytes = new byte[Length];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, w0 | (w1 << 51));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), (w1 >> 13) | (w2 << 38));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (w2 >> 26) | (w3 << 25));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), (w3 >> 39) | (w4 << 12));
            return bytes;
        }

        private static UInt128 M(ulong a, ulong b)
        {
            ulong high = Math.BigMul(a, b, out ulong low);
            return new UInt128(high, low);
        }

        private static Element Carry(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
        {
            l1 += l0 >> 51;
            l2 += l1 >> 51;
            l3 += l2 >> 51;
            l4 += l3 >> 51;
            l0 = (l0 & Mask) + ((l4 >> 51) * 19);
            l1 = (l1 & Mask) + (l0 >> 51);
            return new(l0 & Mask, l1, l2 & Mask, l3 & Mask, l4 & Mask);
        }
    }
}
