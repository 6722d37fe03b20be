using System.Buffers.Binary;
using System.Security.Cryptography;
using Whorl.Fingerprints.Quic;

namespace Whorl.Fingerprints.Tests.Quic;

/// <summary>Makes Initial packets, with the platform's own AES-GCM.</summary>
internal static class SealedPackets
{
    public static readonly byte[] FirstId = Convert.FromHexString("8394c8f03e515708");

    /// <summary>A ClientHello-shaped message: type 1, length, then counting bytes.</summary>
    public static byte[] Message(int length)
    {
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        BinaryPrimitives.WriteInt32BigEndian(message, (1 << 24) | (length - 4));
        return message;
    }

    public static byte[] Crypto(int offset, ReadOnlySpan<byte> data) => [0x06, .. Long(offset), .. Long(data.Length), .. data];

    public static byte[] Initial(byte[] frames, uint version = QuicVersions.Version1, byte[]? id = null, byte[]? keyId = null, byte[]? token = null, uint number = 0, int numberLength = 2, bool ofClient = true)
    {
        id ??= FirstId;
        token ??= [];
        QuicInitialKeys keys = QuicInitialKeys.Derive(version, keyId ?? id, ofClient)!;
        int typeBits = version == QuicVersions.Version2 ? 0x10 : 0;
        byte[] versionBytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(versionBytes, version);
        byte[] numberBytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(numberBytes, number);
        byte[] header =
        [
            (byte)(0xC0 | typeBits | (numberLength - 1)), .. versionBytes, (byte)id.Length, .. id, 0, .. Long(token.Length), .. token,
            .. Long(numberLength + frames.Length + 16), .. numberBytes[(4 - numberLength)..],
        ];
        int numberAt = header.Length - numberLength;
        byte[] nonce = keys.Iv.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(8), BinaryPrimitives.ReadUInt32BigEndian(nonce.AsSpan(8)) ^ number);
        byte[] packet = new byte[header.Length + frames.Length + 16];
        header.CopyTo(packet, 0);
        using (AesGcm gcm = new(keys.Key.Span, 16))
        {
            gcm.Encrypt(nonce, frames, packet.AsSpan(header.Length, frames.Length), packet.AsSpan(header.Length + frames.Length), header);
        }

        using Aes aes = Aes.Create();
        aes.SetKey(keys.HeaderKey.Span);
        byte[] mask = aes.EncryptEcb(packet.AsSpan(numberAt + 4, 16), PaddingMode.None);
        packet[0] ^= (byte)(mask[0] & 0x0F);
        for (int i = 0; i < numberLength; i++)
        {
            packet[numberAt + i] ^= mask[1 + i];
        }

        return packet;
    }

    private static byte[] Long(int value) => [(byte)(0x80 | (value >> 24)), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
