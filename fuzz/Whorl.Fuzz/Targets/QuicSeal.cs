using System.Security.Cryptography;
using Whorl.Fingerprints.Quic;

namespace Whorl.Fuzz.Targets;

/// <summary>Seals any bytes as the frames of a client's Initial packet.</summary>
internal static class QuicSeal
{
    private static readonly byte[] Id = [1, 2, 3, 4, 5, 6, 7, 8];

    private static readonly QuicInitialKeys Keys = QuicInitialKeys.Derive(QuicVersions.Version1, Id, ofClient: true)!;

    public static byte[] Initial(ReadOnlySpan<byte> frames)
    {
        // Short frames are filled up: the sample for the header protection reaches four bytes past the packet number.
        byte[] plain = new byte[Math.Max(frames.Length, 4)];
        frames.CopyTo(plain);
        int length = 1 + plain.Length + 16;
        byte[] header = [0xC0, 0, 0, 0, 1, 8, .. Id, 0, 0, (byte)(0x80 | (length >> 24)), (byte)(length >> 16), (byte)(length >> 8), (byte)length, 0];
        byte[] packet = new byte[header.Length + plain.Length + 16];
        header.CopyTo(packet, 0);
        using (AesGcm gcm = new(Keys.Key.Span, 16))
        {
            gcm.Encrypt(Keys.Iv.Span, plain, packet.AsSpan(header.Length, plain.Length), packet.AsSpan(header.Length + plain.Length), header);
        }

        using Aes aes = Aes.Create();
        aes.SetKey(Keys.HeaderKey.Span);
        byte[] mask = aes.EncryptEcb(packet.AsSpan(header.Length + 3, 16), PaddingMode.None);
        packet[0] ^= (byte)(mask[0] & 0x0F);
        packet[header.Length - 1] ^= mask[1];
        return packet;
    }
}
