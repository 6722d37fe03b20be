using System.Buffers.Binary;

namespace Whorl.LiveTests.Capture;

/// <summary>Frames made by hand, and the capture file that carries them to tcpreplay.</summary>
internal static class TestFrames
{
    /// <summary>A UDP datagram over Ethernet, with a VLAN tag where <paramref name="vlan"/> is not zero.</summary>
    public static byte[] Udp(byte host, ushort port, ReadOnlySpan<byte> payload, ushort vlan = 0, bool back = false)
    {
        byte[] ip = [0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, back ? (byte)99 : host, 192, 0, 2, back ? host : (byte)99];
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)(28 + payload.Length));
        byte[] udp = new byte[8];
        BinaryPrimitives.WriteUInt16BigEndian(udp, back ? (ushort)7777 : port);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), back ? port : (ushort)7777);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), (ushort)(8 + payload.Length));
        return [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, host, .. vlan == 0 ? [] : (byte[])[0x81, 0, (byte)(vlan >> 8), (byte)vlan], 8, 0, .. ip, .. udp, .. payload];
    }

    /// <summary>A SYN with one option, as over Ethernet with a VLAN tag; to port 7777 of 192.0.2.99. Nobody looks at its checksums.</summary>
    public static byte[] Syn(byte host, ushort port, ushort vlan) =>
    [
        2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, host, 0x81, 0, (byte)(vlan >> 8), (byte)vlan, 8, 0,
        0x45, 0, 0, 44, 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, host, 192, 0, 2, 99,
        (byte)(port >> 8), (byte)port, 7777 >> 8, 7777 & 0xFF, 1, 2, 3, 4, 0, 0, 0, 0, 0x60, 2, 0xFF, 0xFF, 0, 0, 0, 0, 2, 4, 5, 0xB4,
    ];

    /// <summary>Writes a pcap file of Ethernet frames.</summary>
    public static void Write(string path, IEnumerable<byte[]> frames)
    {
        using FileStream file = File.Create(path);
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        file.Write(header);
        foreach (byte[] frame in frames)
        {
            Span<byte> record = header[..16];
            record.Clear();
            BinaryPrimitives.WriteInt32LittleEndian(record[8..], frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(record[12..], frame.Length);
            file.Write(record);
            file.Write(frame);
        }
    }
}
