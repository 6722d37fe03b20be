using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows;

/// <summary>
/// TCP: a SYN costs a small record until it is answered, by a SYN-ACK or by what the client sends next; only then there is
/// a conversation. One whose opening was not seen begins with its first packet.
/// </summary>
internal sealed class TcpTracker(
    ConversationTable conversations, HostTable hosts, Reassembly reassembly, P0fSignatures? signatures, IFlowEvents events)
{
    private const byte Fin = 0x01;
    private const byte Syn = 0x02;
    private const byte Rst = 0x04;
    private const byte Ack = 0x10;

    // A clock is measured over at least this much of a conversation; less gives rounding, not a rate.
    private const long ClockSpan = 500_000_000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in CapturedFrame frame, in Packet packet)
    {
        ReadOnlySpan<byte> tcp = packet.Transport;
        Segment segment = new(frame, packet, tcp);
        if ((tcp[13] & (Syn | Fin | Rst)) == Syn)
        {
            if ((tcp[13] & Ack) == 0)
            {
                TakeSyn(segment, packet);
            }
            else
            {
                TakeSynAck(segment, packet);
            }
        }
        else
        {
            TakeSegment(segment, packet);
        }
    }

    private void TakeSyn(in Segment segment, in Packet packet)
    {
        if (TcpStack.TryParseSyn(packet.Ip, out TcpStack? stack) != ParseStatus.Done)
        {
            return;
        }

        long number;
        int index = conversations.Find(segment.Key, segment.Hash);
        int syn = LruTable<PairKey, PendingSyn>.None;
        if (index >= 0 && conversations[index].InitialSequence == segment.Sequence && conversations[index].Summary.Start != 0 && IsForward(index, segment))
        {
            number = conversations[index].Number;
            Count(index, forward: true, segment);
        }
        else
        {
            syn = conversations.FindSyn(segment.Key, segment.Hash);
            if (syn >= 0 && (conversations.Syn(syn).Sequence != segment.Sequence || conversations.Syn(syn).InitiatorIsLow != segment.FromLow))
            {
                conversations.EndSyn(syn, FlowClose.Unanswered);
                syn = LruTable<PairKey, PendingSyn>.None;
            }

            if (syn < 0)
            {
                syn = conversations.AddSyn(segment.Key, segment.Hash);
                ref PendingSyn made = ref conversations.Syn(syn);
                made.InitiatorIsLow = segment.FromLow;
                made.Mss = stack!.Mss;
                made.Vlan = segment.Vlan;
                made.Interface = segment.Interface;
                made.Sequence = segment.Sequence;
                made.Clock = stack.Timestamp;
                made.Time = segment.Time;
                made.Number = conversations.NewNumber();
            }

            ref PendingSyn pending = ref conversations.Syn(syn);
            pending.Packets++;
            pending.Bytes += segment.Length;
            pending.Last = segment.Time;
            number = pending.Number;
        }

        Tell(segment, packet, stack!, number);
        if (!packet.Payload.IsEmpty && syn >= 0 && (index < 0 || conversations.IsClosed(index)))
        {
            TakeEarly(Promote(segment, syn, index), forward: true, segment, packet);
        }
    }

    private void TakeSynAck(in Segment segment, in Packet packet)
    {
        int index = conversations.Find(segment.Key, segment.Hash);
        int syn = conversations.FindSyn(segment.Key, segment.Hash);
        if (syn >= 0 && conversations.Syn(syn).InitiatorIsLow != segment.FromLow && conversations.Syn(syn).Sequence + 1 == segment.Acknowledged)
        {
            index = Promote(segment, syn, index);
        }
        else if (index < 0)
        {
            index = Begin(segment, fromInitiator: false);
            conversations[index].State |= ConversationState.RolesKnown;
            Start(ref conversations[index].Forward, segment.Acknowledged);
        }

        // From who began it comes only where both sides began at once (RFC 9293 §3.5).
        bool forward = IsForward(index, segment);
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        if (!half.Started)
        {
            Start(ref half, segment.Sequence + 1);
        }

        Count(index, forward, segment);
        if (TcpStack.TryParseSynAck(packet.Ip, forward ? (ushort)0 : conversation.OfferedMss, out TcpStack? stack) == ParseStatus.Done)
        {
            Tell(segment, packet, stack!, conversation.Number);
        }

        TakeEarly(index, forward, segment, packet);
    }

    // Data in the opening itself (RFC 7413).
    private void TakeEarly(int index, bool forward, in Segment segment, in Packet packet)
    {
        if (!packet.Payload.IsEmpty)
        {
            reassembly.Take(index, forward, segment.Sequence + 1, packet.Payload, segment.Time);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeSegment(in Segment segment, in Packet packet)
    {
        int index = conversations.Find(segment.Key, segment.Hash);
        if (index < 0 || conversations.IsClosed(index))
        {
            index = Opened(segment, index);
            if (index < 0)
            {
                return;
            }
        }

        bool forward = IsForward(index, segment);
        ReadOnlySpan<byte> payload = packet.Payload;
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        ref HalfStream other = ref forward ? ref conversation.Backward : ref conversation.Forward;
        Count(index, forward, segment);
        if (!half.Started)
        {
            Start(ref half, segment.Sequence);
        }

        int length = payload.Length + packet.MissingBytes;
        if (length > 0)
        {
            uint end = segment.Sequence + (uint)length;
            if (unchecked((int)(end - half.Next)) <= 0)
            {
                conversation.Summary.Retransmits++;
            }
            else
            {
                half.Next = end;
            }
        }

        if (forward && conversation.SynClock != 0 && segment.Time - conversation.SynTime > ClockSpan && !conversation.Is(ConversationState.ClockDone))
        {
            Measure(ref conversation, segment, packet);
        }

        bool asks = other.Holds && (segment.Flags & Ack) != 0;
        if (length > 0 && half.Protocol != StreamProtocol.Over)
        {
            reassembly.Take(index, forward, segment.Sequence, payload, segment.Time);
        }

        if (asks)
        {
            reassembly.Acknowledge(index, !forward, segment.Acknowledged, segment.Time);
        }

        if ((segment.Flags & (Fin | Rst)) != 0)
        {
            End(index, forward, segment.Flags);
        }
    }

    // The first segment after the SYN, or of a conversation whose opening was not seen; none where a reset is all there is.
    private int Opened(in Segment segment, int closed)
    {
        int syn = conversations.FindSyn(segment.Key, segment.Hash);
        if (syn >= 0)
        {
            ref PendingSyn pending = ref conversations.Syn(syn);
            bool follows = pending.InitiatorIsLow == segment.FromLow
                ? segment.Sequence == pending.Sequence + 1
                : (segment.Flags & Ack) != 0 && segment.Acknowledged == pending.Sequence + 1;
            if (follows)
            {
                return Promote(segment, syn, closed);
            }
        }

        return closed >= 0 ? closed
            : (segment.Flags & Rst) != 0 ? LruTable<PairKey, Conversation>.None
            : Begin(segment, fromInitiator: segment.SourcePort >= 1024 || segment.DestinationPort < 1024);
    }

    private int Promote(in Segment segment, int syn, int before)
    {
        if (before >= 0)
        {
            conversations.End(before, ConversationTable.CloseOf(conversations[before], FlowClose.Idle));
        }

        PendingSyn pending = conversations.Syn(syn);
        conversations.RemoveSyn(syn);
        int index = conversations.Add(segment.Key, segment.Hash);
        ref Conversation made = ref conversations[index];
        made.State = ConversationState.RolesKnown | (pending.InitiatorIsLow ? ConversationState.InitiatorIsLow : ConversationState.None);
        made.Vlan = pending.Vlan;
        made.OfferedMss = pending.Mss;
        made.Interface = pending.Interface;
        made.InitialSequence = pending.Sequence;
        made.SynClock = pending.Clock;
        made.SynTime = pending.Last;
        made.Number = pending.Number;
        made.LastForward = pending.Last;
        made.Summary = new FlowSummary
        {
            Protocol = IpProtocol.Tcp,
            Start = pending.Time,
            End = pending.Last,
            ForwardPackets = pending.Packets,
            ForwardBytes = pending.Bytes,
        };
        Start(ref made.Forward, pending.Sequence + 1);
        return index;
    }

    private int Begin(in Segment segment, bool fromInitiator)
    {
        int index = conversations.Add(segment.Key, segment.Hash);
        ref Conversation made = ref conversations[index];
        made.State = segment.FromLow == fromInitiator ? ConversationState.InitiatorIsLow : ConversationState.None;
        made.Vlan = segment.Vlan;
        made.Interface = segment.Interface;
        made.Number = conversations.NewNumber();
        made.Summary = new FlowSummary { Protocol = IpProtocol.Tcp, Start = segment.Time, End = segment.Time };
        return index;
    }

    private void End(int index, bool forward, byte flags)
    {
        ref Conversation conversation = ref conversations[index];
        conversation.State |= (flags & Rst) != 0 ? ConversationState.Reset
            : forward ? ConversationState.InitiatorFinished
            : ConversationState.ResponderFinished;
        if (ConversationTable.CloseOf(conversation, FlowClose.Idle) != FlowClose.Idle)
        {
            conversations.Close(index);
        }
    }

    private void Tell(in Segment segment, in Packet packet, TcpStack stack, long number)
    {
        bool v4 = packet.IpVersion == 4;
        HostTable.Opening opening = new((uint)segment.Destination.GetHashCode(), segment.Sequence, (ushort)packet.Id, v4, stack.Timestamp, segment.Time);
        (IsnClass? isn, IpIdClass? id, TcpClock? clock) = hosts.Note(segment.Source, stack.IsSynAck, opening);
        Sighting at = new(segment.Source, segment.SourcePort, segment.Destination, segment.DestinationPort, segment.Time, segment.Interface, segment.Vlan, number);
        StackSighting sighting = new(stack, signatures?.Match(stack), isn, id, clock);
        if (stack.IsSynAck)
        {
            events.TcpSynAck(at, sighting);
        }
        else
        {
            events.TcpSyn(at, sighting);
        }
    }

    private void Measure(ref Conversation conversation, in Segment segment, in Packet packet)
    {
        conversation.State |= ConversationState.ClockDone;
        ReadOnlySpan<byte> tcp = packet.Transport;
        uint ticks = TcpOptions.TimestampOf(tcp[20..Math.Min(tcp.Length, (tcp[12] >> 4) * 4)]);
        if (TcpClock.TryMeasure(conversation.SynClock, ticks, TimeSpan.FromTicks((segment.Time - conversation.SynTime) / 100), out TcpClock clock))
        {
            hosts.KeepClock(segment.Source, answers: false, clock);
        }
    }

    private void Count(int index, bool forward, in Segment segment)
    {
        ref Conversation conversation = ref conversations[index];
        conversation.Count(forward, segment.Length, segment.Time);
        if (!conversation.Is(ConversationState.TwoWay) && conversation.Summary.ForwardPackets > 0 && conversation.Summary.BackwardPackets > 0)
        {
            conversations.HeardBoth(index);
        }
    }

    private bool IsForward(int index, in Segment segment) => conversations[index].Is(ConversationState.InitiatorIsLow) == segment.FromLow;

    private static void Start(ref HalfStream half, uint sequence)
    {
        half.Started = true;
        half.Base = sequence;
        half.Next = sequence;
    }

    /// <summary>What is needed of a packet more than once.</summary>
    private readonly ref struct Segment
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public Segment(in CapturedFrame frame, in Packet packet, ReadOnlySpan<byte> tcp)
        {
            Source = FlowKey.FromBytes(packet.SourceAddress);
            Destination = FlowKey.FromBytes(packet.DestinationAddress);
            SourcePort = BinaryPrimitives.ReadUInt16BigEndian(tcp);
            DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]);
            Sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
            Acknowledged = BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]);
            Flags = tcp[13];
            Key = new PairKey(Source, SourcePort, Destination, DestinationPort, IpProtocol.Tcp, out bool fromLow);
            FromLow = fromLow;
            Hash = Key.Hash();
            Time = frame.Time;
            Interface = frame.Interface;
            Vlan = packet.VlanId;
            Length = packet.Ip.Length + packet.MissingBytes;
        }

        public readonly UInt128 Source;
        public readonly UInt128 Destination;
        public readonly ushort SourcePort;
        public readonly ushort DestinationPort;
        public readonly ushort Vlan;
        public readonly bool FromLow;
        public readonly byte Flags;
        public readonly uint Sequence;
        public readonly uint Acknowledged;
        public readonly uint Hash;
        public readonly int Interface;
        public readonly int Length;
        public readonly long Time;
        public readonly PairKey Key;
    }
}
