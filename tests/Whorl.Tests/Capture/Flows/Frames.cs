using System.Buffers.Binary;
using Whorl.Fingerprints.Packets;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Tests.Capture.Flows;

/// <summary>Makes frames and gives them to an engine, one every 100 microseconds.</summary>
internal sealed class Frames(FlowEngine engine)
{
    public const byte Syn = 0x02;
    public const byte Fin = 0x01;
    public const byte Rst = 0x04;
    public const byte Ack = 0x10;

    public const uint ClientStart = 1_000_000;
    public const uint ServerStart = 5_000_000;

    private static readonly byte[] Mac = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

    /// <summary>What stands around the IP packet; bare Ethernet unless told.</summary>
    public Func<byte[], byte[]> Wrap { get; set; } = Ethernet;

    public bool Version6 { get; set; }

    public long Now { get; set; } = 1_700_000_000_000_000_000;

    public int Client { get; set; } = 1;

    public static byte[] Ethernet(byte[] ip) => [.. Mac, .. TypeOf(ip), .. ip];

    public static byte[] Tagged(byte[] ip) => [.. Mac, 0x88, 0xA8, 0, 7, 0x81, 0, 0, 9, .. TypeOf(ip), .. ip];

    public static byte[] Gre(byte[] ip) => Ethernet(Ip(false, 47, [0, 0, .. TypeOf(ip), .. ip], [10, 9, 9, 1], [10, 9, 9, 2]));

    /// <summary>The opening of a connection.</summary>
    public void Open()
    {
        Send(true, Syn, ClientStart, 0, []);
        Send(false, Syn | Ack, ServerStart, ClientStart + 1, []);
        Send(true, Ack, ClientStart + 1, ServerStart + 1, []);
    }

    /// <summary>Bytes of the client at an offset of its stream.</summary>
    public void FromClient(int offset, ReadOnlySpan<byte> bytes) => Send(true, Ack, ClientStart + 1 + (uint)offset, ServerStart + 1, bytes);

    public void FromServer(int offset, ReadOnlySpan<byte> bytes) => Send(false, Ack, ServerStart + 1 + (uint)offset, ClientStart + 1, bytes);

    public void Send(bool fromClient, byte flags, uint sequence, uint acknowledged, ReadOnlySpan<byte> payload) =>
        Take(Wrap(Packet(fromClient, flags, sequence, acknowledged, payload)));

    /// <summary>One IP packet with a segment.</summary>
    public byte[] Packet(bool fromClient, byte flags, uint sequence, uint acknowledged, ReadOnlySpan<byte> payload)
    {
        byte[] options = (flags & Syn) != 0 ? [2, 4, 5, 0xB4, 1, 3, 3, 7] : [];
        byte[] tcp = new byte[20 + options.Length + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, fromClient ? (ushort)40_000 : (ushort)443);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), fromClient ? (ushort)443 : (ushort)40_000);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(8), acknowledged);
        tcp[12] = (byte)((20 + options.Length) << 2);
        tcp[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(14), 64_240);
        options.CopyTo(tcp, 20);
        payload.CopyTo(tcp.AsSpan(20 + options.Length));
        (byte[] client, byte[] server) = Addresses();
        return Ip(Version6, 6, tcp, fromClient ? client : server, fromClient ? server : client);
    }

    public void Take(byte[] frame)
    {
        Now += 100_000;
        engine.Take(new CapturedFrame(LinkType.Ethernet, frame, frame.Length, Now, 0));
    }

    /// <summary>An IP packet in pieces of so many bytes (a multiple of eight).</summary>
    public static IEnumerable<byte[]> Fragments(byte[] ip, int length)
    {
        bool v6 = ip[0] >> 4 == 6;
        int header = v6 ? 40 : 20;
        for (int at = header; at < ip.Length; at += length)
        {
            byte[] part = ip[at..Math.Min(ip.Length, at + length)];
            int offset = at - header;
            bool more = at + length < ip.Length;
            byte[] made = v6
                ? [.. ip[..40], ip[6], 0, (byte)(offset >> 8), (byte)((offset & 0xF8) | (more ? 1 : 0)), 0, 0, 0, 77, .. part]
                : [.. ip[..20], .. part];
            if (v6)
            {
                made[6] = 44;
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(made.AsSpan(6), (ushort)((offset / 8) | (more ? 0x2000 : 0)));
            }

            BinaryPrimitives.WriteUInt16BigEndian(made.AsSpan(v6 ? 4 : 2), (ushort)(v6 ? made.Length - 40 : made.Length));
            yield return made;
        }
    }

    public static byte[] Ip(bool v6, byte protocol, byte[] payload, byte[] source, byte[] destination)
    {
        byte[] header = v6
            ? [0x60, 0, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length, protocol, 64, .. source, .. destination]
            : [0x45, 0, (byte)((payload.Length + 20) >> 8), (byte)(payload.Length + 20), 0, 1, 0, 0, 64, protocol, 0, 0, .. source, .. destination];
        return [.. header, .. payload];
    }

    private (byte[] Client, byte[] Server) Addresses() => Version6
        ? ([0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)(Client >> 8), (byte)Client], [0x20, 1, 0xD, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        : ([(byte)(10 + (Client >> 24)), (byte)(Client >> 16), (byte)(Client >> 8), (byte)Client], [10, 2, 0, 1]);

    private static byte[] TypeOf(byte[] ip) => ip[0] >> 4 == 6 ? [0x86, 0xDD] : [8, 0];
}
