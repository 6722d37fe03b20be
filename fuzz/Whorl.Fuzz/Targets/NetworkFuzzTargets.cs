using System.Buffers.Binary;
using System.Text;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Quic;
using Whorl.Fingerprints.Tcp;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl.Fingerprints/Packets, Tcp and Quic.</summary>
internal static class NetworkFuzzTargets
{
    private static readonly LinkType[] Links = Enum.GetValues<LinkType>();

    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("packet", DecodePacket, static () => Frames().Select(static frame => (byte[])[1, .. frame])),
        new("fragments", Reassemble, static () => [[1, 0, 0, 16, 0, 2, 16, 1]]),
        new("tcp-stack", ReadStack, static () => Frames().Select(static frame => frame[Math.Min(frame.Length, 14)..])),
        new("p0f-file", ReadSignatures, static () => ["[tcp:request]\nlabel = g:unix:Linux:3.x\nsig = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df,id+:0\n[mtu]\nlabel = a\nsig = 1500\n"u8.ToArray()]),
        new("quic-datagrams", OpenDatagrams, Datagrams),
        new("quic-frames", OpenFrames, static () => [[6, 0, 4, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1]]),
    ];

    private static IEnumerable<byte[]> Frames() => SeedFiles.Hex("packets.jsonl", "frame");

    private static IEnumerable<byte[]> Datagrams() => Frames().Where(static frame => frame.Length > 1000).Select(static frame => frame[(frame[12] == 8 ? 42 : 62)..]);

    // The first byte picks the link.
    private static int DecodePacket(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return 0;
        }

        PacketStatus status = Packet.TryDecode(Links[input[0] % Links.Length], input[1..], out Packet packet);
        bool has = status is PacketStatus.Done or PacketStatus.Fragment;
        if (has != (packet.IpVersion != 0) || packet.Payload.Length > packet.Transport.Length)
        {
            throw new InvalidOperationException("the answer contradicts itself");
        }

        FlowKey flow = packet.Flow;
        return HashCode.Combine(status, packet.Layers, packet.Protocol, packet.IpVersion, flow.SourcePort == 0, packet.MissingBytes == 0);
    }

    // Each four bytes are a fragment: version and id, offset, length, flags.
    private static int Reassemble(ReadOnlySpan<byte> input)
    {
        FragmentTable table = new();
        int whole = 0;
        for (int i = 0; i + 4 <= input.Length; i += 4)
        {
            bool v6 = (input[i] & 1) == 0;
            byte[] data = new byte[input[i + 2]];
            byte[] header = v6
                ? [0x60, 0, 0, 0, 0, 0, 44, 64, .. new byte[32], 17, 0, (byte)(input[i + 1] >> 5), (byte)((input[i + 1] << 3) | (input[i + 3] & 1)), 0, 0, 0, (byte)(input[i] >> 4)]
                : [0x45, 0, 0, 0, 0, (byte)(input[i] >> 4), (byte)((input[i + 3] & 1) << 5), input[i + 1], 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
            byte[] packetBytes = [.. header, .. data];
            BinaryPrimitives.WriteUInt16BigEndian(packetBytes.AsSpan(v6 ? 4 : 2), (ushort)(packetBytes.Length - (v6 ? 40 : 0)));
            if (Packet.TryDecode(LinkType.Raw, packetBytes, out Packet packet) == PacketStatus.Fragment && table.TryAdd(packet, Start.AddSeconds(i), out ReadOnlyMemory<byte> joined))
            {
                whole++;
                _ = Packet.TryDecode(LinkType.Raw, joined.Span, out _);
            }
        }

        return HashCode.Combine(whole, table.PendingCount, (int)table.DroppedCount);
    }

    private static int ReadStack(ReadOnlySpan<byte> input)
    {
        int status = (int)TcpStack.TryParseSyn(input, out TcpStack? stack);
        if (stack is null)
        {
            status = 10 + (int)TcpStack.TryParseSynAck(input, 1400, out stack);
        }

        return stack is null ? status : HashCode.Combine(status, stack.Quirks, stack.Options.Length, stack.Signature.Split(':').Length, stack.StackSignature.Length > 0);
    }

    private static int ReadSignatures(ReadOnlySpan<byte> input)
    {
        P0fSignatures signatures = P0fSignatures.Parse(Encoding.Latin1.GetString(input));
        return HashCode.Combine(signatures.Count, signatures.Faults.Count, signatures.LinkOf(1500) is null);
    }

    private static int OpenDatagrams(ReadOnlySpan<byte> input)
    {
        QuicHandshake handshake = new();
        int half = input.Length / 2;
        return HashCode.Combine(
            handshake.AddFromClient(input),
            handshake.AddFromServer(input),
            handshake.AddFromClient(input[half..]),
            handshake.ClientMessages.Count,
            handshake.RetrySeen,
            handshake.OfferedVersions.Count,
            handshake.Version);
    }

    // Frames that really are sealed, as anyone can.
    private static int OpenFrames(ReadOnlySpan<byte> input)
    {
        QuicHandshake handshake = new();
        int status = (int)handshake.AddFromClient(QuicSeal.Initial(input));
        return HashCode.Combine(status, handshake.ClientMessages.Count, handshake.ClientHello.Length);
    }
}
