using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Quic;
using Whorl.Sources.Capture.Flows.Protocols;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows;

/// <summary>UDP conversations, and the QUIC and DTLS openings in them.</summary>
internal sealed class UdpTracker(ConversationTable conversations, QuicReader quic, DtlsFlowReader dtls)
{
    // Datagrams in which an opening is looked for; STUN and a few probes may come before it.
    private const int MaxStrange = 64;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in CapturedFrame frame, in Packet packet)
    {
        ReadOnlySpan<byte> udp = packet.Transport;
        ushort sourcePort = BinaryPrimitives.ReadUInt16BigEndian(udp);
        ushort destinationPort = BinaryPrimitives.ReadUInt16BigEndian(udp[2..]);
        PairKey key = new(
            FlowKey.FromBytes(packet.SourceAddress), sourcePort, FlowKey.FromBytes(packet.DestinationAddress), destinationPort, IpProtocol.Udp, out bool fromLow);
        uint hash = key.Hash();
        int index = conversations.Find(key, hash);
        if (index < 0)
        {
            index = conversations.Add(key, hash);
            ref Conversation made = ref conversations[index];
            made.State = fromLow ? ConversationState.InitiatorIsLow : ConversationState.None;
            made.Vlan = packet.VlanId;
            made.Interface = frame.Interface;
            made.Number = conversations.NewNumber();
            made.Summary = new FlowSummary { Protocol = IpProtocol.Udp, Start = frame.Time, End = frame.Time };
        }

        ref Conversation conversation = ref conversations[index];
        bool forward = conversation.Is(ConversationState.InitiatorIsLow) == fromLow;
        conversation.Count(forward, packet.Ip.Length + packet.MissingBytes, frame.Time);
        if (!forward && !conversation.Is(ConversationState.TwoWay))
        {
            conversations.HeardBoth(index);
        }

        if (conversation.Forward.Protocol != StreamProtocol.Over && !packet.Payload.IsEmpty)
        {
            Read(index, forward, frame.Time, packet.Payload);
        }
    }

    private void Read(int index, bool forward, long time, ReadOnlySpan<byte> payload)
    {
        ref Conversation conversation = ref conversations[index];
        bool over = conversation.Memory switch
        {
            QuicOpening opening => quic.Read(index, opening, forward, time, payload),
            DtlsOpening opening => dtls.Read(index, opening, forward, time, payload),
            _ => payload[0] >= 0xC0 && payload.Length > 20 && MayBeQuic(BinaryPrimitives.ReadUInt32BigEndian(payload[1..])) ? quic.Begin(index, forward, time, payload)
                : payload[0] == 22 && payload.Length > 13 && (payload[1] == 0xFE || (payload[1] == 1 && payload[2] == 0)) ? dtls.Begin(index, forward, time, payload)
                : ++conversation.Forward.Strange >= MaxStrange,
        };
        if (over)
        {
            conversations[index].Forward.Protocol = StreamProtocol.Over;
        }
    }

    // A client may begin with a version that exists only to be refused.
    private static bool MayBeQuic(uint version) => QuicVersions.IsKnown(version) || QuicVersions.IsReserved(version);
}
