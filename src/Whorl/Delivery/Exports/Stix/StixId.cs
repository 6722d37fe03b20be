using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Whorl.Delivery.Exports.Stix;

/// <summary>Ids of STIX objects that follow from what they are (UUIDv5, RFC 9562), so that two exports name the same thing alike.</summary>
internal static class StixId
{
    // STIX 2.1 §2.9: the name space of cyber-observable objects.
    private static readonly Guid Observables = new("00abedb4-aa42-466c-9c01-fed23315a9b7");

    // Ours, for the other objects: any will do that is always the same.
    private static readonly Guid Own = new("6f0c8a5e-7c0b-5d0a-9b0e-1f6d7a3c2b41");

    private static readonly JsonWriterOptions Canonical = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Of an object whose value alone makes its id: domain name, address, URL.</summary>
    public static string OfValue(string type, string value) => $"{type}--{Of(Observables, Json(json => json.WriteString("value", value)))}";

    /// <summary>Of a certificate that is known by its SHA-256.</summary>
    public static string OfCertificate(string sha256) => $"x509-certificate--{Of(Observables, Json(json =>
    {
        json.WriteStartObject("hashes");
        json.WriteString("SHA-256", sha256);
        json.WriteEndObject();
    }))}";

    /// <summary>Of anything else, by a name that we make.</summary>
    public static string OfName(string type, string name) => $"{type}--{Of(Own, Encoding.UTF8.GetBytes($"{type} {name}"))}";

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text, Canonical))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return text.ToArray();
    }

    private static Guid Of(Guid space, byte[] name)
    {
#pragma warning disable CA5350 // SHA-1 is what UUIDv5 is made of; nothing rests on it.
        byte[] hash = SHA1.HashData([.. space.ToByteArray(bigEndian: true), .. name]);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash.AsSpan(0, 16), bigEndian: true);
    }
}
