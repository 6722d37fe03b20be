using System.Buffers.Binary;
using System.IO.Compression;

namespace Whorl.Tests.Support;

/// <summary>One packet of a capture file.</summary>
/// <param name="Frame">Place in the file, from 1, as Wireshark counts.</param>
/// <param name="LinkType">LINKTYPE number of its interface.</param>
/// <param name="Micros">Capture time in microseconds since 1970.</param>
/// <param name="Bytes">The captured bytes.</param>
internal readonly record struct CapturedPacket(int Frame, int LinkType, long Micros, byte[] Bytes);

/// <summary>Reads pcap and pcapng files of either byte order, also gzipped. For test files only: a broken file throws.</summary>
internal static class PcapReader
{
    private const int SectionHeader = 0x0A0D0D0A;
    private const int InterfaceDescription = 1;
    private const int ObsoletePacket = 2;
    private const int SimplePacket = 3;
    private const int EnhancedPacket = 6;
    private const int TimestampResolutionOption = 9;

    public static List<CapturedPacket> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file is [0x1F, 0x8B, ..])
        {
            using GZipStream unzipped = new(new MemoryStream(file), CompressionMode.Decompress);
            using MemoryStream all = new();
            unzipped.CopyTo(all);
            file = all.ToArray();
        }

        return file is [0x0A, 0x0D, 0x0D, 0x0A, ..] ? ReadPcapNg(file) : ReadPcap(file);
    }

    private static List<CapturedPacket> ReadPcap(byte[] file)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(file);
        bool little = magic is 0xA1B2C3D4 or 0xA1B23C4D;
        bool nano = magic is 0xA1B23C4D or 0x4D3CB2A1;
        int linkType = (int)(U32(file, 20, little) & 0xFFFF);
        List<CapturedPacket> packets = [];
        for (int at = 24; at + 16 <= file.Length;)
        {
            long fraction = U32(file, at + 4, little);
            int length = (int)U32(file, at + 8, little);
            if (length < 0 || at + 16 + length > file.Length)
            {
                break; // some public captures are cut off in their last packet
            }

            long micros = (U32(file, at, little) * 1_000_000L) + (nano ? fraction / 1000 : fraction);
            packets.Add(new CapturedPacket(packets.Count + 1, linkType, micros, file[(at + 16)..(at + 16 + length)]));
            at += 16 + length;
        }

        return packets;
    }

    private static List<CapturedPacket> ReadPcapNg(byte[] file)
    {
        List<CapturedPacket> packets = [];
        List<(int LinkType, double UnitsPerMicro)> interfaces = [];
        bool little = true;
        for (int at = 0; at + 12 <= file.Length;)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at)) == SectionHeader)
            {
                little = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)) == 0x1A2B3C4D;
                interfaces.Clear();
            }

            int type = (int)U32(file, at, little);
            int length = (int)U32(file, at + 4, little);
            if (length < 12 || at + length > file.Length)
            {
                break;
            }

            int body = at + 8;
            switch (type)
            {
                case InterfaceDescription:
                    interfaces.Add((U16(file, body, little), UnitsPerMicro(file, body + 8, at + length - 4, little)));
                    break;
                case EnhancedPacket:
                    Add((int)U32(file, body, little), body + 4, (int)U32(file, body + 12, little), body + 20);
                    break;
                case ObsoletePacket:
                    Add(U16(file, body, little), body + 4, (int)U32(file, body + 12, little), body + 20);
                    break;
                case SimplePacket:
                    int kept = Math.Min((int)U32(file, body, little), length - 16);
                    packets.Add(new CapturedPacket(packets.Count + 1, interfaces[0].LinkType, 0, file[(body + 4)..(body + 4 + kept)]));
                    break;
                default:
                    break;
            }

            at += length;
        }

        return packets;

        void Add(int number, int time, int captured, int data)
        {
            (int linkType, double units) = interfaces[number];
            ulong ticks = ((ulong)U32(file, time, little) << 32) | U32(file, time + 4, little);
            packets.Add(new CapturedPacket(packets.Count + 1, linkType, (long)(ticks / units), file[data..(data + captured)]));
        }
    }

    private static double UnitsPerMicro(byte[] file, int at, int end, bool little)
    {
        while (at + 4 <= end)
        {
            int code = U16(file, at, little);
            int length = U16(file, at + 2, little);
            if (code == TimestampResolutionOption)
            {
                byte resolution = file[at + 4];
                double perSecond = (resolution & 0x80) != 0 ? Math.Pow(2, resolution & 0x7F) : Math.Pow(10, resolution);
                return perSecond / 1_000_000;
            }

            at += 4 + ((length + 3) & ~3);
        }

        return 1;
    }

    private static uint U32(byte[] file, int at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at)) : BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));

    private static ushort U16(byte[] file, int at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at)) : BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at));
}
