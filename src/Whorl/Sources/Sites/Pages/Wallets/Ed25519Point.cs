using System.Globalization;
using System.Numerics;

namespace Whorl.Sources.Sites.Pages.Wallets;

/// <summary>Whether 32 bytes are a point of Ed25519's curve, as a public key is (RFC 8032 §5.1.3). Half of all numbers are.</summary>
internal static class Ed25519Point
{
    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger D = BigInteger.Parse("37095705934669439343138083508754565189542113879843219016388785533085940283555", CultureInfo.InvariantCulture);

    public static bool IsOnCurve(ReadOnlySpan<byte> key)
    {
        Span<byte> y = stackalloc byte[32];
        key.CopyTo(y);
        y[31] &= 0x7F;
        BigInteger value = new(y, isUnsigned: true);
        if (value >= P)
        {
            return false;
        }

        // x² = (y² - 1) / (d y² + 1) has a root, by Euler's criterion; the quotient and the product have or lack one together.
        BigInteger square = value * value % P;
        BigInteger top = (square - 1 + P) % P;
        BigInteger product = top * ((D * square) + 1) % P;
        return product.IsZero ? top.IsZero : BigInteger.ModPow(product, (P - 1) / 2, P).IsOne;
    }
}
