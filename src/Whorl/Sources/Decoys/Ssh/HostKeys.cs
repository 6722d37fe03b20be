using System.Security.Cryptography;
using Whorl.Native.Crypto;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>The host keys of one decoy: RSA, ECDSA and, where libcrypto is there, Ed25519 (RFC 8709); kept beside its certificate.</summary>
internal sealed class HostKeys
{
    private const int RsaBits = 3072; // what ssh-keygen makes since OpenSSH 8.0

    private const string Ed25519 = "ssh-ed25519";

    private readonly Lock _gate = new();
    private readonly RSA _rsa = RSA.Create();
    private readonly ECDsa _ecdsa = ECDsa.Create();
    private readonly byte[] _ed25519;

    private HostKeys(byte[] rsa, byte[] ecdsa, byte[] ed25519)
    {
        _ed25519 = ed25519;
        Ed25519Blob = new SshWriter().String(Ed25519).String(EdwardsKey.PublicOf(ed25519)).ToArray();
        _rsa.ImportPkcs8PrivateKey(rsa, out _);
        _ecdsa.ImportPkcs8PrivateKey(ecdsa, out _);
        RSAParameters numbers = _rsa.ExportParameters(includePrivateParameters: false);
        RsaBlob = new SshWriter().String("ssh-rsa"u8).Multiple(numbers.Exponent).Multiple(numbers.Modulus).ToArray();
        ECPoint point = _ecdsa.ExportParameters(includePrivateParameters: false).Q;
        EcdsaBlob = new SshWriter().String("ecdsa-sha2-nistp256"u8).String("nistp256"u8).String([4, .. point.X!, .. point.Y!]).ToArray();
    }

    private byte[] RsaBlob { get; }

    private byte[] EcdsaBlob { get; }

    private byte[] Ed25519Blob { get; }

    public static HostKeys Of(CertificateMaker maker, string decoy) => new(
        maker.Keep(decoy, "ssh-rsa", static () =>
        {
            using RSA key = RSA.Create(RsaBits);
            return key.ExportPkcs8PrivateKey();
        }),
        maker.Keep(decoy, "ssh-ecdsa", static () =>
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return key.ExportPkcs8PrivateKey();
        }),
        maker.Keep(decoy, Ed25519, static () => RandomNumberGenerator.GetBytes(EdwardsKey.Length)));

    /// <summary>Those of the names that a software offers which we have keys for.</summary>
    public static string Offered(string names) => EdwardsKey.IsPresent ? names : string.Join(',', names.Split(',').Where(name => name != Ed25519));

    public byte[] Blob(string algorithm) => algorithm switch
    {
        Ed25519 => Ed25519Blob,
        "ecdsa-sha2-nistp256" => EcdsaBlob,
        _ => RsaBlob,
    };

    /// <summary>The signature of an exchange hash, as the reply carries it; null for names that we cannot carry.</summary>
    public byte[]? Sign(string algorithm, byte[] hash)
    {
        lock (_gate)
        {
            switch (algorithm)
            {
                case "ecdsa-sha2-nistp256":
                    byte[] numbers = _ecdsa.SignData(hash, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                    byte[] pair = new SshWriter().Multiple(numbers.AsSpan(0, 32)).Multiple(numbers.AsSpan(32)).ToArray();
                    return new SshWriter().String(algorithm).String(pair).ToArray();
                case Ed25519:
                    return new SshWriter().String(algorithm).String(EdwardsKey.Sign(_ed25519, hash)).ToArray();
                case "rsa-sha2-256" or "rsa-sha2-512" or "ssh-rsa":
                    HashAlgorithmName name = algorithm switch { "rsa-sha2-512" => HashAlgorithmName.SHA512, "rsa-sha2-256" => HashAlgorithmName.SHA256, _ => HashAlgorithmName.SHA1 };
                    return new SshWriter().String(algorithm).String(_rsa.SignData(hash, name, RSASignaturePadding.Pkcs1)).ToArray();
                default:
                    return null;
            }
        }
    }
}
