using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Whorl.Sources.Decoys.Ssh.Crypto;

/// <summary>One agreement on a secret, by the name the two sides settled on.</summary>
/// <param name="Public">What we send.</param>
/// <param name="Secret">What both know, big endian.</param>
internal sealed record KeyAgreement(byte[] Public, byte[] Secret)
{
    public static HashAlgorithmName? HashOf(string kex) => kex switch
    {
        "curve25519-sha256" or "curve25519-sha256@libssh.org" or "ecdh-sha2-nistp256" or "diffie-hellman-group14-sha256" or "diffie-hellman-group-exchange-sha256" => HashAlgorithmName.SHA256,
        "ecdh-sha2-nistp384" => HashAlgorithmName.SHA384,
        "ecdh-sha2-nistp521" or "diffie-hellman-group16-sha512" or "diffie-hellman-group18-sha512" => HashAlgorithmName.SHA512,
        _ => null,
    };

    /// <summary>Whether public values are numbers (mpint) rather than strings.</summary>
    public static bool IsFiniteField(string kex) => kex.StartsWith("diffie-hellman-", StringComparison.Ordinal);

    public static FiniteGroup? GroupOf(string kex) => kex switch
    {
        "diffie-hellman-group14-sha256" => FiniteGroup.Group14,
        "diffie-hellman-group16-sha512" => FiniteGroup.Group16,
        "diffie-hellman-group18-sha512" => FiniteGroup.Group18,
        "diffie-hellman-group-exchange-sha256" => FiniteGroup.Group14,
        _ => null,
    };

    /// <summary>Our half against the peer's; null where the peer's is none.</summary>
    public static KeyAgreement? With(string kex, ReadOnlySpan<byte> theirs) => kex switch
    {
        "curve25519-sha256" or "curve25519-sha256@libssh.org" => Montgomery(theirs),
        "ecdh-sha2-nistp256" => Weierstrass(ECCurve.NamedCurves.nistP256, 32, theirs),
        "ecdh-sha2-nistp384" => Weierstrass(ECCurve.NamedCurves.nistP384, 48, theirs),
        "ecdh-sha2-nistp521" => Weierstrass(ECCurve.NamedCurves.nistP521, 66, theirs),
        _ => GroupOf(kex) is { } group ? Finite(group, theirs) : null,
    };

    private static KeyAgreement? Montgomery(ReadOnlySpan<byte> theirs)
    {
        if (theirs.Length != Curve25519.Length)
        {
            return null;
        }

        byte[] secret = RandomNumberGenerator.GetBytes(Curve25519.Length);
        byte[] shared = Curve25519.Multiply(secret, theirs);

        // RFC 8731 §3: a point of small order gives all zeros.
        return shared.AsSpan().IndexOfAnyExcept((byte)0) < 0 ? null : new(Curve25519.PublicKey(secret), shared);
    }

    private static KeyAgreement? Weierstrass(ECCurve curve, int size, ReadOnlySpan<byte> theirs)
    {
        if (theirs.Length != (2 * size) + 1 || theirs[0] != 4)
        {
            return null;
        }

        try
        {
            using ECDiffieHellman own = ECDiffieHellman.Create(curve);
            using ECDiffieHellman other = ECDiffieHellman.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = theirs[1..(size + 1)].ToArray(), Y = theirs[(size + 1)..].ToArray() } });
            using ECDiffieHellmanPublicKey otherKey = other.PublicKey;
            ECPoint point = own.ExportParameters(includePrivateParameters: false).Q;
            return new([4, .. point.X!, .. point.Y!], own.DeriveRawSecretAgreement(otherKey));
        }
        catch (CryptographicException)
        {
            // No point of the curve.
            return null;
        }
    }

    private static KeyAgreement? Finite(FiniteGroup group, ReadOnlySpan<byte> theirs)
    {
        if (theirs.Length > group.Bytes + 1)
        {
            return null;
        }

        BigInteger other = new(theirs, isUnsigned: true, isBigEndian: true);
        if (other <= BigInteger.One || other >= group.Prime - 1)
        {
            return null;
        }

        BigInteger exponent = new(RandomNumberGenerator.GetBytes(group.ExponentBytes), isUnsigned: true);
        byte[] own = BigInteger.ModPow(2, exponent, group.Prime).ToByteArray(isUnsigned: true, isBigEndian: true);
        return new(own, BigInteger.ModPow(other, exponent, group.Prime).ToByteArray(isUnsigned: true, isBigEndian: true));
    }
}

/// <summary>The groups of RFC 3526. Their primes are 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + k), so pi and k say all.</summary>
internal sealed class FiniteGroup
{
    public static readonly FiniteGroup Group14 = new(2048, 124476, 232);

    public static readonly FiniteGroup Group16 = new(4096, 240904, 328);

    public static readonly FiniteGroup Group18 = new(8192, 4743158, 400);

    private readonly Lazy<BigInteger> _prime;

    private FiniteGroup(int bits, int k, int exponentBits)
    {
        (Bytes, ExponentBytes) = (bits / 8, exponentBits / 8);
        _prime = new(() => (BigInteger.One << bits) - (BigInteger.One << (bits - 64)) - 1 + ((PiTimesPowerOfTwo(bits - 130) + k) << 64));
    }

    public int Bytes { get; }

    /// <summary>Twice the strength that the group has (RFC 7919 appendix A, for groups of the same sizes): a longer exponent only takes longer.</summary>
    public int ExponentBytes { get; }

    public BigInteger Prime => _prime.Value;

    public override string ToString() => (Bytes * 8).ToString(CultureInfo.InvariantCulture);

    // floor(2^bits * pi) by Machin: pi = 16 arctan(1/5) - 4 arctan(1/239), with bits to spare.
    private static BigInteger PiTimesPowerOfTwo(int bits)
    {
        const int Spare = 64;
        BigInteger one = BigInteger.One << (bits + Spare);
        return ((16 * InverseTangent(one, 5)) - (4 * InverseTangent(one, 239))) >> Spare;
    }

    private static BigInteger InverseTangent(BigInteger one, int divisor)
    {
        BigInteger power = one / divisor, sum = power;
        int square = divisor * divisor;
        for (int i = 3, sign = -1; !power.IsZero; i += 2, sign = -sign)
        {
            power /= square;
            sum += sign * (power / i);
        }

        return sum;
    }
}
