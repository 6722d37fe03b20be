using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Tls;

/// <summary>What a certificate says, as attributes. Any bytes may come; what cannot be read is told as a fault.</summary>
internal static class CertificateFacts
{
    private const string Rsa = "1.2.840.113549.1.1.1";

    public static void Describe(ReadOnlySpan<byte> der, Attributes attributes)
    {
        attributes.Text("certificate.sha256", Convert.ToHexStringLower(SHA256.HashData(der)));
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der);
            attributes.AddAll(Read(certificate));
        }
        catch (Exception fault) when (fault is CryptographicException or AsnContentException or ArgumentException or FormatException)
        {
            attributes.Text("certificate.fault", "no certificate that can be read: " + fault.Message);
        }
    }

    private static Attributes Read(X509Certificate2 certificate)
    {
        CertificateParts parts = CertificateParts.Of(certificate.RawData);
        string key = certificate.PublicKey.Oid.Value ?? "";
        Attributes attributes = new Attributes()
            .Text("certificate.spki_sha256", Convert.ToHexStringLower(SHA256.HashData(parts.Key.Span)))
            .Text("certificate.subject", certificate.Subject, Attributes.MaxLine)
            .Text("certificate.subject_cn", certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } name && HasCommonName(certificate) ? name : null)
            .Text("certificate.issuer", certificate.Issuer, Attributes.MaxLine)
            .Text("certificate.sans", Names(certificate), Attributes.MaxList)
            .Text("certificate.not_before", Time(certificate.NotBefore))
            .Text("certificate.not_after", Time(certificate.NotAfter))
            .Text("certificate.serial", Serial(certificate))
            .Text("certificate.signature", SignatureName(certificate.SignatureAlgorithm.Value ?? ""))
            .Text("certificate.key", KeyName(key));
        if (key == Rsa && RsaBits(certificate.PublicKey.EncodedKeyValue.RawData) is > 0 and int bits)
        {
            attributes.Number("certificate.key_bits", bits);
        }

        return attributes.Flag("certificate.self_signed", certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) && parts.IsSignedBy(certificate));
    }

    private static bool HasCommonName(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames().Any(part => !part.HasMultipleElements && part.GetSingleElementType().Value == "2.5.4.3");

    private static string Time(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // As openssl prints it: without the zero byte that keeps a large number from being negative.
    private static string Serial(X509Certificate2 certificate) =>
        certificate.SerialNumber is ['0', '0', _, ..] padded ? padded[2..].ToLowerInvariant() : certificate.SerialNumber.ToLowerInvariant();

    private static string KeyName(string oid) => oid switch
    {
        Rsa => "rsa",
        "1.2.840.113549.1.1.10" => "rsa-pss",
        "1.2.840.10045.2.1" => "ec",
        "1.2.840.10040.4.1" => "dsa",
        "1.3.101.112" => "ed25519",
        "1.3.101.113" => "ed448",
        _ => oid,
    };

    // The names that openssl prints.
    private static string SignatureName(string oid) => oid switch
    {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "ED25519",
        "1.3.101.113" => "ED448",
        _ => oid,
    };

    private static int RsaBits(byte[] key)
    {
        try
        {
            return (int)new AsnReader(key, AsnEncodingRules.BER).ReadSequence().ReadInteger().GetBitLength();
        }
        catch (AsnContentException)
        {
            return 0;
        }
    }

    private static string Names(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension? names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null ? "" : string.Join(',', names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));
    }
}

/// <summary>The parts of a certificate as they stand in its bytes (RFC 5280 §4.1), for hashing and for the signature.</summary>
internal sealed record CertificateParts(ReadOnlyMemory<byte> Signed, ReadOnlyMemory<byte> Key, string Algorithm, ReadOnlyMemory<byte> Parameters, ReadOnlyMemory<byte> Signature)
{
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

    /// <summary>Whether the key of <paramref name="issuer"/> made the signature; false also where .NET has no such method (Ed25519).</summary>
    public bool IsSignedBy(X509Certificate2 issuer)
    {
        try
        {
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
