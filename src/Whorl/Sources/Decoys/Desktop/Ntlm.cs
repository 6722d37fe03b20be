using System.Buffers.Binary;
using System.Text;

namespace Whorl.Sources.Decoys.Desktop;

/// <summary>NTLM messages ([MS-NLMP] §2.2.1) inside of whatever carries them: found by their signature, so that the wrapping need not be understood.</summary>
internal static class Ntlm
{
    private const uint Negotiate = 1;
    private const uint Authenticate = 3;

    // Unicode, target requested, NTLM, always sign, target is a server, extended session security, target info, version, 128, 56 bits.
    private const uint Flags = 0xE28A_8215;

    // Names and answers of a real client have less than a kilobyte.
    private const int MaxField = 4096;

    public static ReadOnlySpan<byte> Signature => "NTLMSSP\0"u8;

    /// <summary>Where a message begins in some bytes; -1 where there is none.</summary>
    public static int Find(ReadOnlySpan<byte> bytes) => bytes.IndexOf(Signature) is >= 0 and int at && bytes.Length - at >= 12 ? at : -1;

    public static bool IsNegotiate(ReadOnlySpan<byte> message) => Type(message) == Negotiate;

    /// <summary>The challenge to a client.</summary>
    public static byte[] Challenge(string host, ReadOnlySpan<byte> nonce)
    {
        byte[] name = Encoding.Unicode.GetBytes(host.ToUpperInvariant());
        byte[] info = [2, 0, (byte)name.Length, 0, .. name, 1, 0, (byte)name.Length, 0, .. name, 0, 0, 0, 0];
        byte[] message = new byte[56 + name.Length + info.Length];
        Signature.CopyTo(message);
        message[8] = 2;
        Field(message, 12, name.Length, 56);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(20), Flags);
        nonce[..8].CopyTo(message.AsSpan(24));
        Field(message, 40, info.Length, 56 + name.Length);

        // Windows 10.0.17763, NTLM revision 15.
        ((ReadOnlySpan<byte>)[10, 0, 0x63, 0x45, 0, 0, 0, 15]).CopyTo(message.AsSpan(48));
        name.CopyTo(message, 56);
        info.CopyTo(message, 56 + name.Length);
        return message;
    }

    /// <summary>Who answers, and the answer; null where the message is none.</summary>
    public static (string Domain, string User, string Workstation, byte[] Response)? Read(ReadOnlySpan<byte> message)
    {
        if (Type(message) != Authenticate || message.Length < 64)
        {
            return null;
        }

        byte[] response = Take(message, 20);
        return (Text(message, 28), Text(message, 36), Text(message, 44), response.Length > 0 ? response : Take(message, 12));
    }

    private static uint Type(ReadOnlySpan<byte> message) => message.Length >= 12 && message.StartsWith(Signature) ? BinaryPrimitives.ReadUInt32LittleEndian(message[8..]) : 0;

    private static void Field(Span<byte> message, int at, int length, int offset)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(message[at..], (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(message[(at + 2)..], (ushort)length);
        BinaryPrimitives.WriteUInt32LittleEndian(message[(at + 4)..], (uint)offset);
    }

    private static byte[] Take(ReadOnlySpan<byte> message, int at)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(message[at..]);
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(message[(at + 4)..]);
        return length <= MaxField && offset <= (uint)message.Length && length <= message.Length - (int)offset ? message.Slice((int)offset, length).ToArray() : [];
    }

    // As UTF-8, one character per byte, like all texts of peers here.
    private static string Text(ReadOnlySpan<byte> message, int at) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(Take(message, at))));
}
