using System.Security.Cryptography;
using System.Text;
using Whorl.Kernel;
using Whorl.Kernel.Certificates;
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

        return _kept[key] = Read(der);
    }

    private static byte[] Read(ReadOnlySpan<byte> der)
    {
        CertificateFacts facts = CertificateFacts.Read(der);
        Utf8JsonBuffer json = new(1024);
        json.Hostile("certificate.sha256"u8, facts.Sha256, HostileText.MaxName);
        Text(ref json, "certificate.fault"u8, facts.Fault, HostileText.MaxName);
        Text(ref json, "certificate.spki_sha256"u8, facts.SpkiSha256, HostileText.MaxName);
        Text(ref json, "certificate.subject"u8, facts.Subject, HostileText.MaxLine);
        Text(ref json, "certificate.issuer"u8, facts.Issuer, HostileText.MaxLine);
        Text(ref json, "certificate.sans"u8, string.Join(',', facts.Sans), HostileText.MaxList);
        Text(ref json, "certificate.not_before"u8, facts.NotBefore, HostileText.MaxName);
        Text(ref json, "certificate.not_after"u8, facts.NotAfter, HostileText.MaxName);
        Text(ref json, "certificate.serial"u8, facts.Serial, HostileText.MaxName);
        Text(ref json, "certificate.key"u8, facts.Key, HostileText.MaxName);
        if (facts.KeyBits is { } bits)
        {
            json.Number("certificate.key_bits"u8, bits);
        }

        if (facts.SelfSigned)
        {
            json.Flag("certificate.self_signed"u8);
        }

        return json.ToArray();
    }

    private static void Text(ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, string? value, int max)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.Hostile(name, Encoding.UTF8.GetBytes(value), max);
        }
    }
}
