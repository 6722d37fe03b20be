using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Net;

namespace Whorl.Fingerprints.Tests.Tls;

/// <summary>One direction of one connection, or one datagram, of a capture.</summary>
internal sealed record Flow(string Source, string Target, bool IsUdp)
{
    public List<(uint Sequence, byte[] Bytes)> Pieces { get; } = [];

    public uint? Start { get; set; }

    /// <summary>The TCP stream from its first byte up to the first gap; the first copy of a byte counts.</summary>
    public byte[] Stream()
    {
        if (Pieces.Count == 0)
        {
            return [];
        }

        uint next = Start ?? Pieces.Select(static p => p.Sequence).MinBy(s => unchecked((int)(s - Pieces[0].Sequence)));
        List<byte> stream = [];
        uint origin = next;
        foreach ((uint sequence, byte[] bytes) in Pieces.OrderBy(p => unchecked((int)(p.Sequence - origin))))
        {
            int skip = unchecked((int)(next - sequence));
            if (skip < 0)
            {
                break;
            }

            if (skip < bytes.Length)
            {
                stream.AddRange(bytes.AsSpan(skip));
                next += (uint)(bytes.Length - skip);
            }
        }

        return [.. stream];
    }
}

/// <summary>A small reader of capture files for these tests: plain links, VLAN tags, no tunnels, no IP fragments.</summary>
internal static class CaptureFile
{
    public static IReadOnlyCollection<Flow> Flows(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file is [0x1F, 0x8B, ..])
        {
            using MemoryStream plain = new();
            using GZipStream zip = new(new MemoryStream(file), CompressionMode.Decompress);
            zip.CopyTo(plain);
            file = plain.ToArray();
        }

        Dictionary<string, Flow> flows = [];
        foreach ((int link, byte[] packet) in Packets(file))
        {
            Take(link, packet, flows);
        }

        return flows.Values;
    }

    private static IEnumerable<(int Link, byte[] Packet)> Packets(byte[] file) =>
        BinaryPrimitives.ReadUInt32LittleEndian(file) == 0x0A0D0D0A ? NewPackets(file) : OldPackets(file);

    private static IEnumerable<(int Link, byte[] Packet)> OldPackets(byte[] file)
    {
        bool big = file[0] == 0xA1;
        int link = (int)U32(file, 20, big) & 0xFFFF;
        for (int at = 24; at + 16 <= file.Length;)
        {
            int size = (int)U32(file, at + 8, big);
            if (size < 0 || at + 16 + size > file.Length)
            {
                yield break;
            }

            yield return (link, file[(at + 16)..(at + 16 + size)]);
            at += 16 + size;
        }
    }

    private static IEnumerable<(int Link, byte[] Packet)> NewPackets(byte[] file)
    {
        bool big = false;
        List<int> links = [];
        for (int at = 0; at + 12 <= file.Length;)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at)) == 0x0A0D0D0A)
            {
                big = file[at + 8] == 0x1A;
                links.Clear();
            }

            uint type = U32(file, at, big);
            int size = (int)U32(file, at + 4, big);
            if (size < 12 || at + size > file.Length)
            {
                yield break;
            }

            if (type == 1)
            {
                links.Add(big ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 8)) : BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 8)));
            }
            else if (type == 6)
            {
                int captured = (int)U32(file, at + 20, big);
                yield return (links[(int)U32(file, at + 8, big)], file[(at + 28)..(at + 28 + captured)]);
            }
            else if (type == 3)
            {
                yield return (links[0], file[(at + 12)..(at + size - 4)]);
            }

            at += size;
        }
    }

    private static uint U32(byte[] file, int at, bool big) =>
        big ? BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at)) : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static void Take(int link, byte[] packet, Dictionary<string, Flow> flows)
    {
        int? at = link switch
        {
            1 => EthernetType(packet, 12),
            113 => EthernetType(packet, 14),
            276 => 20,
            0 or 108 => 4,
            9 => packet is [0xFF, ..] ? 4 : 2,
            12 or 14 or 101 or 228 or 229 => 0,
            _ => null,
        };
        if (at is null || at.Value + 20 > packet.Length)
        {
            return;
        }

        ReadOnlySpan<byte> ip = packet.AsSpan(at.Value);
        if (ip[0] >> 4 == 4)
        {
            int total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
            if ((BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3FFF) == 0)
            {
                ip = total >= 20 && total <= ip.Length ? ip[..total] : ip;
                TakeTransport(ip[9], ip[((ip[0] & 15) * 4)..], new IPAddress(ip.Slice(12, 4)), new IPAddress(ip.Slice(16, 4)), flows);
            }
        }
        else if (ip[0] >> 4 == 6 && ip.Length >= 40)
        {
            int total = 40 + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
            IPAddress source = new(ip.Slice(8, 16)), target = new(ip.Slice(24, 16));
            byte next = ip[6];
            ip = total > 40 && total <= ip.Length ? ip[40..total] : ip[40..];
            while (next is 0 or 43 or 60 && ip.Length >= 8)
            {
                next = ip[0];
                ip = ip[Math.Min(ip.Length, (ip[1] + 1) * 8)..];
            }

            TakeTransport(next, ip, source, target, flows);
        }
    }

    private static int? EthernetType(byte[] packet, int at)
    {
        while (at + 2 <= packet.Length)
        {
            int type = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at));
            if (type is 0x8100 or 0x88A8 or 0x9100)
            {
                at += 4;
                continue;
            }

            return type is 0x0800 or 0x86DD ? at + 2 : null;
        }

        return null;
    }

    private static void TakeTransport(byte protocol, ReadOnlySpan<byte> segment, IPAddress source, IPAddress target, Dictionary<string, Flow> flows)
    {
        if (protocol is not (6 or 17) || segment.Length < (protocol == 6 ? 20 : 8))
        {
            return;
        }

        string from = string.Create(CultureInfo.InvariantCulture, $"{source}|{BinaryPrimitives.ReadUInt16BigEndian(segment)}");
        string to = string.Create(CultureInfo.InvariantCulture, $"{target}|{BinaryPrimitives.ReadUInt16BigEndian(segment[2..])}");
        string key = $"{from}>{to}{protocol}";
        bool syn = protocol == 6 && (segment[13] & 2) != 0;
        uint sequence = protocol == 6 ? BinaryPrimitives.ReadUInt32BigEndian(segment[4..]) + (syn ? 1u : 0) : 0;
        if (!flows.TryGetValue(key, out Flow? flow) || (syn && flow.Start is not null && flow.Start != sequence))
        {
            if (flow is not null)
            {
                flows[$"{key}#{flows.Count}"] = flow;
            }

            flows[key] = flow = new Flow(from, to, protocol == 17);
        }

        flow.Start = syn ? sequence : flow.Start;
        int header = protocol == 6 ? (segment[12] >> 4) * 4 : 8;
        if (header < segment.Length)
        {
            flow.Pieces.Add((sequence, segment[header..].ToArray()));
        }
    }
}
