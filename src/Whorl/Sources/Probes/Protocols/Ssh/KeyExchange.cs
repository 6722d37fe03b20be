using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Ssh;

namespace Whorl.Sources.Probes.Protocols.Ssh;

/// <summary>
/// The client's side of an SSH key exchange, as far as makes the server show its host key. The secret that would come of it is never computed: a public
/// value is all that a server waits for, and with curve25519 every 32 bytes are one (RFC 7748 §5).
/// </summary>
internal static class KeyExchange
{
    private const byte KexInitMessage = 20;
    private const byte ExchangeMessage = 30;
    private const int CookieLength = 16;
    private const int Group14Length = 256;

    // Cipher block size before encryption begins (RFC 4253 §6).
    private const int Block = 8;
    private const int MinPadding = 4;

    // The first of these that the server has too is used.
    private static readonly (string Method, Func<byte[]> Public)[] Methods =
    [
        ("curve25519-sha256", () => RandomNumberGenerator.GetBytes(32)),
        ("curve25519-sha256@libssh.org", () => RandomNumberGenerator.GetBytes(32)),
        ("ecdh-sha2-nistp256", NistP256),
        ("diffie-hellman-group14-sha256", Group14),
        ("diffie-hellman-group14-sha1", Group14),
    ];

    /// <summary>Our KEXINIT and the message after it, for a server that sent <paramref name="server"/>; null where nothing is common to both.</summary>
    public static byte[]? Offer(KexInit server)
    {
        string names = string.Join(',', Methods.Select(method => method.Method));
        if (KexInit.Agreed(names, server.KexAlgorithms) is not { } agreed)
        {
            return null;
        }

        // Its own lists, so that there is agreement on the rest whatever it has. Keys come before certificates: it is the key that lasts.
        string keys = string.Join(',', server.HostKeyAlgorithms.Split(',').OrderBy(name => name.Contains("-cert-", StringComparison.Ordinal)));
        MemoryStream init = new();
        init.WriteByte(KexInitMessage);
        init.Write(RandomNumberGenerator.GetBytes(CookieLength));
        foreach (string list in (string[])
        [
            agreed, keys, server.EncryptionClientToServer, server.EncryptionServerToClient, server.MacClientToServer, server.MacServerToClient,
            server.CompressionClientToServer, server.CompressionServerToClient, "", "",
        ])
        {
            WriteString(init, Encoding.Latin1.GetBytes(list));
        }

        init.Write([0, 0, 0, 0, 0]);
        MemoryStream exchange = new();
        exchange.WriteByte(ExchangeMessage);
        WriteString(exchange, Methods.First(method => method.Method == agreed).Public());
        return [.. Packet(init.ToArray()), .. Packet(exchange.ToArray())];
    }

    private static byte[] NistP256()
    {
        using ECDiffieHellman pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = pair.ExportParameters(includePrivateParameters: false).Q;
        return [4, .. point.X!, .. point.Y!];
    }

    // Any number between 1 and the prime is the power of some secret; below 2^2047 it is below the prime, and needs no sign byte (RFC 4251 §5).
    private static byte[] Group14()
    {
        byte[] value = RandomNumberGenerator.GetBytes(Group14Length);
        value[0] = (byte)((value[0] & 0x3F) | 0x40);
        return value;
    }

    private static void WriteString(MemoryStream stream, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        stream.Write(length);
        stream.Write(bytes);
    }

    // uint32 length | byte padding length | payload | padding (RFC 4253 §6)
    private static byte[] Packet(ReadOnlySpan<byte> payload)
    {
        int padding = Block - ((5 + payload.Length) % Block);
        padding += padding < MinPadding ? Block : 0;
        byte[] packet = new byte[5 + payload.Length + padding];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length - 4);
        packet[4] = (byte)padding;
        payload.CopyTo(packet.AsSpan(5));
        RandomNumberGenerator.Fill(packet.AsSpan(5 + payload.Length));
        return packet;
    }
}
