using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Whorl.Kernel.Certificates;

/// <summary>What a certificate says. The texts are of whoever made it; bound them where they are written.</summary>
internal sealed record CertificateFacts
{
    private const string Rsa = "1.2.840.113549.1.1.1";

    public required string Sha256 { get; init; }

    /// <summary>SHA-256 of the public key with its algorithm, as it stands in the bytes.</summary>
    public string? SpkiSha256 { get; init; }

    public string? Subject { get; init; }

    public string? SubjectCn { get; init; }

    public string? Issuer { get; init; }

    /// <summary>DNS names, then addresses, as they stand.</summary>
    public IReadOnlyList<string> Sans { get; init; } = [];

    /// <summary>UTC, to the second, as <c>2026-01-31T12:00:00Z</c>.</summary>
    public string? NotBefore { get; init; }

    public string? NotAfter { get; init; }

    /// <summary>In hex as openssl prints it, without the zero byte that keeps a large number from being negative.</summary>
    public string? Serial { get; init; }

    /// <summary>Signature algorithm: the name that openssl prints, or an object identifier.</summary>
    public string? Signature { get; init; }

    /// <summary><c>rsa</c>, <c>ec</c>, <c>ed25519</c>, … or an object identifier.</summary>
    public string? Key { get; init; }

    /// <summary>Bits of an RSA key; null for others.</summary>
    public int? KeyBits { get; init; }

    /// <summary>Whether subject and issuer are equal and its own key made the signature.</summary>
    public bool SelfSigned { get; init; }

    /// <summary>Why it cannot be read; then there is only its hash.</summary>
    public string? Fault { get; init; }

    /// <summary>Reads any bytes.</summary>
    public static CertificateFacts Read(ReadOnlySpan<byte> der)
    {
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(der));
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der);
            return Read(certificate, sha256);
        }
        catch (Exception fault) when (fault is CryptographicException or AsnContentException or ArgumentException or FormatException)
        {
            return new() { Sha256 = sha256, Fault = "no certificate that can be read: " + fault.Message };
        }
    }

    private static CertificateFacts Read(X509Certificate2 certificate, string sha256)
    {
        CertificateParts parts = CertificateParts.Of(certificate.RawData);
        string key = certificate.PublicKey.Oid.Value ?? "";
        return new()
        {
            Sha256 = sha256,
            SpkiSha256 = Convert.ToHexStringLower(SHA256.HashData(parts.Key.Span)),
            Subject = certificate.Subject,
            SubjectCn = HasCommonName(certificate) ? certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) : null,
            Issuer = certificate.Issuer,
            Sans = Names(certificate),
            NotBefore = Time(certificate.NotBefore),
            NotAfter = Time(certificate.NotAfter),
            Serial = (certificate.SerialNumber is ['0', '0', _, ..] padded ? padded[2..] : certificate.SerialNumber).ToLowerInvariant(),
            Signature = SignatureName(certificate.SignatureAlgorithm.Value ?? ""),
            Key = KeyName(key),
            KeyBits = key == Rsa && RsaBits(certificate.PublicKey.EncodedKeyValue.RawData) is > 0 and int bits ? bits : null,
            SelfSigned = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) && parts.IsSignedBy(certificate),
        };
    }

    private static bool HasCommonName(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames().Any(part => !part.HasMultipleElements && part.GetSingleElementType().Value == "2.5.4.3");

    private static string Time(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

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

    private static string[] Names(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
            ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())]
            : [];
}
