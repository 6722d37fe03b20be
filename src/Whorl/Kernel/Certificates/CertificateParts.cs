using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Whorl.Native.Crypto;

namespace Whorl.Kernel.Certificates;

/// <summary>The parts of a certificate as they stand in its bytes (RFC 5280 §4.1), for hashing and for the signature.</summary>
internal sealed record CertificateParts(ReadOnlyMemory<byte> Signed, ReadOnlyMemory<byte> Key, string Algorithm, ReadOnlyMemory<byte> Parameters, ReadOnlyMemory<byte> Signature)
{
    private const string Ed25519 = "1.3.101.112";
    private const string Ed448 = "1.3.101.113";

    /// <exception cref="AsnContentException">The bytes are no certificate.</exception>
    public static CertificateParts Of(ReadOnlyMemory<byte> der)
    {
        AsnReader whole = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        ReadOnlyMemory<byte> signed = whole.ReadEncodedValue();
        AsnReader algorithm = whole.ReadSequence();
        string oid = algorithm.ReadObjectIdentifier();
        ReadOnlyMemory<byte> parameters = algorithm.HasData ? algorithm.ReadEncodedValue() : default;
        ReadOnlyMemory<byte> signature = whole.ReadBitString(out _);

        // The key is the seventh element of the signed part, after an optional version in [0].
        AsnReader inner = new AsnReader(signed, AsnEncodingRules.BER).ReadSequence();
        if (inner.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            inner.ReadEncodedValue();
        }

        for (int i = 0; i < 5; i++)
        {
            inner.ReadEncodedValue();
        }

        return new(signed, inner.ReadEncodedValue(), oid, parameters, signature);
    }

    /// <summary>Whether the key of <paramref name="issuer"/> made the signature; false also for methods that are not known here.</summary>
    public bool IsSignedBy(X509Certificate2 issuer)
    {
        try
        {
            if (Algorithm is Ed25519 or Ed448)
            {
                return EdwardsKey.Verify(Algorithm == Ed25519 ? EdwardsCurve.Ed25519 : EdwardsCurve.Ed448, issuer.PublicKey.EncodedKeyValue.RawData, Signed.Span, Signature.Span);
            }

            using RSA? rsa = issuer.GetRSAPublicKey();
            using ECDsa? ec = issuer.GetECDsaPublicKey();
            return (rsa is not null && VerifyRsa(rsa)) || (ec is not null && VerifyEc(ec));
        }
        catch (Exception fault) when (fault is CryptographicException or AsnContentException)
        {
            return false;
        }
    }

    private bool VerifyRsa(RSA key)
    {
        if (Algorithm == "1.2.840.113549.1.1.10")
        {
            return PssHash() is { } pss && key.VerifyData(Signed.Span, Signature.Span, pss, RSASignaturePadding.Pss);
        }

        HashAlgorithmName? hash = Algorithm switch
        {
            "1.2.840.113549.1.1.4" => HashAlgorithmName.MD5,
            "1.2.840.113549.1.1.5" => HashAlgorithmName.SHA1,
            "1.2.840.113549.1.1.11" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" => HashAlgorithmName.SHA512,
            _ => null,
        };
        return hash is { } name && key.VerifyData(Signed.Span, Signature.Span, name, RSASignaturePadding.Pkcs1);
    }

    // RFC 4055 §3.1: [0] names the hash; without it SHA-1.
    private HashAlgorithmName? PssHash()
    {
        AsnReader reader = new AsnReader(Parameters, AsnEncodingRules.BER).ReadSequence();
        Asn1Tag first = new(TagClass.ContextSpecific, 0, isConstructed: true);
        if (!reader.HasData || !reader.PeekTag().HasSameClassAndValue(first))
        {
            return HashAlgorithmName.SHA1;
        }

        return reader.ReadSequence(first).ReadSequence().ReadObjectIdentifier() switch
        {
            "1.3.14.3.2.26" => HashAlgorithmName.SHA1,
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => null,
        };
    }

    private bool VerifyEc(ECDsa key)
    {
        HashAlgorithmName? hash = Algorithm switch
        {
            "1.2.840.10045.4.1" => HashAlgorithmName.SHA1,
            "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            _ => null,
        };
        return hash is { } name && key.VerifyData(Signed.Span, Signature.Span, name, DSASignatureFormat.Rfc3279DerSequence);
    }
}
