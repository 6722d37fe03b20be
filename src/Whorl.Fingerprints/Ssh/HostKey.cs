using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Ssh;

/// <summary>
/// The host key that a server shows in its reply to a key exchange: SSH_MSG_KEXDH_REPLY (RFC 4253 §8) or SSH_MSG_KEX_ECDH_REPLY (RFC 5656 §4),
/// which begin alike. That the server owns the key is proven by the signature that follows, which is not looked at here.
/// </summary>
/// <remarks>
/// <code>
/// uint32 packet_length | byte padding_length | byte 31 | string K_S | string f or Q_S | string signature | padding
/// K_S = string type | …
/// </code>
/// </remarks>
public sealed class HostKey
{
    // Between a server's KEXINIT and its reply others may stand: notices, and a guess of its own that went wrong.
    private const int MaxPacketsBefore = 8;

    // Names of key types are short; RFC 4251 §6 allows 64.
    private const int MaxTypeLength = 64;

    private const byte Disconnect = 1;
    private const byte MessageNumber = 31;

    private readonly byte[] _blob;

    private HostKey(string type, byte[] blob)
    {
        Type = type;
        _blob = blob;
    }

    /// <summary>Its type, such as <c>ssh-ed25519</c>; hostile text, to be escaped wherever it is printed.</summary>
    public string Type { get; }

    /// <summary>The key as it was sent.</summary>
    public ReadOnlySpan<byte> Blob => _blob;

    /// <summary>Its fingerprint as OpenSSH writes it: <c>SHA256:</c> and the hash in Base64 without padding.</summary>
    public string Sha256() => "SHA256:" + Convert.ToBase64String(SHA256.HashData(_blob)).TrimEnd('=');

    /// <summary>Reads the key off the bytes that follow the server's <see cref="KexInit"/>.</summary>
    /// <param name="bytes">What the server sent so far after its KEXINIT.</param>
    /// <param name="key">The key where the status is <see cref="ParseStatus.Done"/>, otherwise null.</param>
    /// <returns><see cref="ParseStatus.Malformed"/> also where the server takes its leave instead.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> bytes, out HostKey? key)
    {
        key = null;
        int start = 0;
        for (int packets = 0; packets <= MaxPacketsBefore; packets++)
        {
            WireReader reader = new(bytes[start..]);
            uint length = reader.U32();
            int padding = reader.U8();
            int message = reader.U8();
            if (!reader.Ok)
            {
                return bytes.Length - start >= sizeof(uint) && length > KexInit.MaxPacketLength ? ParseStatus.Malformed : ParseStatus.NeedMore;
            }

            if (length is < 2 or > KexInit.MaxPacketLength || padding > length - 2 || message == Disconnect)
            {
                return ParseStatus.Malformed;
            }

            ReadOnlySpan<byte> rest = reader.Take((int)length - 2);
            if (!reader.Ok)
            {
                return ParseStatus.NeedMore;
            }

            start += sizeof(uint) + (int)length;
            if (message == MessageNumber)
            {
                return TryRead(rest[..^padding], out key);
            }
        }

        return ParseStatus.Malformed;
    }

    private static ParseStatus TryRead(ReadOnlySpan<byte> payload, out HostKey? key)
    {
        key = null;
        WireReader reader = new(payload);
        ReadOnlySpan<byte> blob = Block(ref reader);
        WireReader inner = new(blob);
        ReadOnlySpan<byte> type = Block(ref inner);
        if (!reader.Ok || !inner.Ok || type.Length is 0 or > MaxTypeLength)
        {
            return ParseStatus.Malformed;
        }

        key = new HostKey(Encoding.Latin1.GetString(type), blob.ToArray());
        return ParseStatus.Done;
    }

    private static ReadOnlySpan<byte> Block(ref WireReader reader)
    {
        uint length = reader.U32();
        return reader.Take(length > KexInit.MaxPacketLength ? -1 : (int)length);
    }
}
