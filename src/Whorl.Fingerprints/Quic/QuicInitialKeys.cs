using System.Security.Cryptography;

namespace Whorl.Fingerprints.Quic;

/// <summary>The keys of one side's Initial packets, which anyone can compute (RFC 9001 §5.2).</summary>
public sealed class QuicInitialKeys
{
    private const int SecretLength = 32;

    private QuicInitialKeys(byte[] key, byte[] iv, byte[] headerKey)
    {
        Key = key;
        Iv = iv;
        HeaderKey = headerKey;
    }

    /// <summary>AES-128-GCM key, 16 bytes.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>Start of the nonce, 12 bytes; the packet number is added to it.</summary>
    public ReadOnlyMemory<byte> Iv { get; }

    /// <summary>AES-128 key of the header protection, 16 bytes.</summary>
    public ReadOnlyMemory<byte> HeaderKey { get; }

    /// <summary>Computes the keys; null for a version whose constants are not known.</summary>
    /// <param name="version">Version of the client's first packet.</param>
    /// <param name="destinationId">Destination id of the client's first packet, or of the first one after a Retry.</param>
    /// <param name="ofClient">True for packets that the client sends.</param>
    public static QuicInitialKeys? Derive(uint version, ReadOnlySpan<byte> destinationId, bool ofClient)
    {
        ReadOnlySpan<byte> salt = QuicVersions.Salt(version);
        if (salt.IsEmpty)
        {
            return null;
        }

        Span<byte> initial = stackalloc byte[SecretLength];
        HKDF.Extract(HashAlgorithmName.SHA256, destinationId, salt, initial);
        Span<byte> secret = stackalloc byte[SecretLength];
        ExpandLabel(initial, ofClient ? "client in"u8 : "server in"u8, secret);
        bool second = version == QuicVersions.Version2;
        byte[] key = new byte[16];
        byte[] iv = new byte[12];
        byte[] headerKey = new byte[16];
        ExpandLabel(secret, second ? "quicv2 key"u8 : "quic key"u8, key);
        ExpandLabel(secret, second ? "quicv2 iv"u8 : "quic iv"u8, iv);
        ExpandLabel(secret, second ? "quicv2 hp"u8 : "quic hp"u8, headerKey);
        return new QuicInitialKeys(key, iv, headerKey);
    }

    // RFC 8446 §7.1, with an empty context.
    private static void ExpandLabel(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, Span<byte> output)
    {
        ReadOnlySpan<byte> prefix = "tls13 "u8;
        Span<byte> info = stackalloc byte[32];
        info[0] = 0;
        info[1] = (byte)output.Length;
        info[2] = (byte)(prefix.Length + label.Length);
        prefix.CopyTo(info[3..]);
        label.CopyTo(info[(3 + prefix.Length)..]);
        int length = 3 + prefix.Length + label.Length;
        info[length] = 0;
        HKDF.Expand(HashAlgorithmName.SHA256, secret, output, info[..(length + 1)]);
    }
}
