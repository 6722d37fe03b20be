using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Whorl.Kernel;
using Whorl.Kernel.Writing;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Describes certificates as attributes. Servers show the same ones again and again, so descriptions are kept. Used by one thread.</summary>
internal sealed class CertificateReader
{
    /// <summary>Certificates of a chain that are told; real chains have up to six.</summary>
    public const int MaxShown = 16;

    // A busy interface sees a few hundred servers; about 1 KB each.
    private const int MaxKept = 4096;

    private readonly Dictionary<(UInt128, UInt128), byte[]> _kept = [];

    /// <summary>Attributes with a comma before each.</summary>
    public ReadOnlySpan<byte> Describe(ReadOnlySpan<byte> der)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(der, hash);
        (UInt128, UInt128) key = (
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash),
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
        if (_kept.TryGetValue(key, out byte[]? kept))
        {
            return kept;
        }

        if (_kept.Count == MaxKept)
        {
            // A peer may show a new one each time; starting again costs no more than it did at first.
            _kept.Clear();
        }

        return _kept[key] = Read(der, hash);
    }

    private static byte[] Read(ReadOnlySpan<byte> der, ReadOnlySpan<byte> hash)
    {
        Utf8JsonBuffer json = new(1024);
        json.Hostile("certificate.sha256"u8, Convert.ToHexStringLower(hash), HostileText.MaxName);
        int plain = json.Length;
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der);
            Write(ref json, certificate);
        }
        catch (Exception fault) when (fault is CryptographicException or AsnContentException or ArgumentException or FormatException)
        {
            json.CutTo(plain);
            json.Hostile("certificate.fault"u8, "no certificate that can be read: " + fault.Message, HostileText.MaxName);
        }

        return json.ToArray();
    }

    private static void Write(ref Utf8JsonBuffer json, X509Certificate2 certificate)
    {
        json.Hostile("certificate.spki_sha256"u8, Convert.ToHexStringLower(SHA256.HashData(KeyOf(certificate.RawData))), HostileText.MaxName);
        Text(ref json, "certificate.subject"u8, certificate.Subject, HostileText.MaxLine);
        Text(ref json, "certificate.issuer"u8, certificate.Issuer, HostileText.MaxLine);
        Text(ref json, "certificate.sans"u8, Names(certificate), HostileText.MaxList);
        Text(ref json, "certificate.not_before"u8, Time(certificate.NotBefore), HostileText.MaxName);
        Text(ref json, "certificate.not_after"u8, Time(certificate.NotAfter), HostileText.MaxName);
        Text(ref json, "certificate.serial"u8, certificate.SerialNumber.ToLowerInvariant(), HostileText.MaxName);
        string oid = certificate.PublicKey.Oid.Value ?? "";
        Text(ref json, "certificate.key"u8, oid switch
        {
            "1.2.840.113549.1.1.1" => "rsa",
            "1.2.840.113549.1.1.10" => "rsa-pss",
            "1.2.840.10045.2.1" => "ec",
            "1.2.840.10040.4.1" => "dsa",
            "1.3.101.112" => "ed25519",
            "1.3.101.113" => "ed448",
            _ => oid,
        }, HostileText.MaxName);
        if (oid == "1.2.840.113549.1.1.1" && RsaBits(certificate.PublicKey.EncodedKeyValue.RawData) is > 0 and int bits)
        {
            json.Number("certificate.key_bits"u8, bits);
        }

        if (certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
        {
            json.Flag("certificate.self_signed"u8);
        }
    }

    private static void Text(ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, string value, int max)
    {
        if (value.Length > 0)
        {
            json.Hostile(name, Encoding.UTF8.GetBytes(value), max);
        }
    }

    private static string Time(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // RFC 5280 §4.1: the seventh element of the signed part, after an optional version in [0]; as it stands, for its hash must be that of its bytes.
    private static byte[] KeyOf(byte[] der)
    {
        AsnReader signed = new AsnReader(der, AsnEncodingRules.BER).ReadSequence().ReadSequence();
        if (signed.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            signed.ReadEncodedValue();
        }

        for (int i = 0; i < 5; i++)
        {
            signed.ReadEncodedValue();
        }

        return signed.ReadEncodedValue().ToArray();
    }

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
        foreach (X509Extension extension in certificate.Extensions)
        {
            if (extension is X509SubjectAlternativeNameExtension names)
            {
                return string.Join(',', names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));
            }
        }

        return "";
    }
}
