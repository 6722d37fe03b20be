namespace Whorl.Tests.Capture.Flows;

/// <summary>A hello, and its JA3.</summary>
internal static class Hellos
{
    /// <summary>Handshake message: version 0x0303, three ciphers, SNI, groups, formats.</summary>
    public static readonly byte[] Message = Make();

    /// <summary>The message in one record.</summary>
    public static readonly byte[] Record = [22, 3, 1, (byte)(Message.Length >> 8), (byte)Message.Length, .. Message];

    public const string Ja3 = "771,4865-49195-49199,0-10-11,29-23,0";

    /// <summary>The message in records of so many bytes each.</summary>
    public static byte[] InRecords(int length)
    {
        List<byte> records = [];
        for (int at = 0; at < Message.Length; at += length)
        {
            int take = Math.Min(length, Message.Length - at);
            records.AddRange([22, 3, 1, (byte)(take >> 8), (byte)take]);
            records.AddRange(Message[at..(at + take)]);
        }

        return [.. records];
    }

    private static byte[] Make()
    {
        byte[] name = "decoy.example"u8.ToArray();
        byte[] extensions =
        [
            0, 0, 0, (byte)(name.Length + 5), 0, (byte)(name.Length + 3), 0, 0, (byte)name.Length, .. name,
            0, 10, 0, 6, 0, 4, 0, 29, 0, 23,
            0, 11, 0, 2, 1, 0,
        ];
        byte[] body = [3, 3, .. Enumerable.Repeat((byte)0x5A, 32), 0, 0, 6, 0x13, 0x01, 0xC0, 0x2B, 0xC0, 0x2F, 1, 0, 0, (byte)extensions.Length, .. extensions];
        return [1, 0, 0, (byte)body.Length, .. body];
    }
}
