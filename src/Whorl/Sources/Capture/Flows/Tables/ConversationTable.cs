using System.Runtime.CompilerServices;
using Whorl.Fingerprints.Packets;
using Whorl.Sources.Capture.Flows.Streams;

namespace Whorl.Sources.Capture.Flows.Tables;

/// <summary>The conversations and the SYNs that may become some: their places, their ends, and who goes when there is no room.</summary>
internal sealed class ConversationTable(FlowLimits limits, StreamBuffers buffers, IFlowEvents events, EngineCounters counters)
{
    private const int None = LruTable<PairKey, Conversation>.None;

    // Who goes first when there is no room: those that are over, those of which one side was heard, the others.
    private const int Closed = 0;
    private const int OneWay = 1;
    private const int TwoWay = 2;
    private const int TwoWayTcp = 3;
    private const int Lists = 4;

    // Ends told for one packet; so a jump of the clock does not stall what follows.
    private const int MaxEndsAtOnce = 64;

    private readonly LruTable<PairKey, Conversation> _conversations = new(limits.MaxConversations, Lists);
    private readonly LruTable<PairKey, PendingSyn> _syns = new(limits.MaxSyns, 1);
    private readonly long _tcpIdle = Nanoseconds(limits.TcpIdle);
    private readonly long _udpIdle = Nanoseconds(limits.UdpIdle);
    private readonly long _patience = Nanoseconds(limits.SynPatience);
    private readonly long _linger = Nanoseconds(limits.Linger);
    private long _numbers;

    public int Count => _conversations.Count;

    public int SynCount => _syns.Count;

    public ref Conversation this[int index] => ref _conversations[index];

    /// <summary>Called with the place of a conversation that goes.</summary>
    public Action<int>? Leaving { get; set; }

    public long NewNumber() => ++_numbers;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(in PairKey key, uint hash)
    {
        int index = _conversations.Find(key, hash);
        if (index != None)
        {
            _conversations.Touch(index);
        }

        return index;
    }

    public int Add(in PairKey key, uint hash)
    {
        if (_conversations.IsFull)
        {
            for (int list = 0; list < Lists; list++)
            {
                if (_conversations.Oldest(list) is >= 0 and int oldest)
                {
                    End(oldest, FlowClose.Evicted);
                    break;
                }
            }
        }

        counters.FlowsOpened++;
        return _conversations.Add(key, hash, OneWay);
    }

    public void HeardBoth(int index)
    {
        _conversations[index].State |= ConversationState.TwoWay;
        if (_conversations.ListOf(index) == OneWay)
        {
            _conversations.Move(index, _conversations[index].Summary.Protocol == IpProtocol.Tcp ? TwoWayTcp : TwoWay);
        }
    }

    /// <summary>Notes who began a conversation whose beginning was not seen.</summary>
    public void LearnRoles(int index, bool speakerBegan)
    {
        ref Conversation conversation = ref _conversations[index];
        if (!conversation.Is(ConversationState.RolesKnown))
        {
            conversation.State |= ConversationState.RolesKnown | (speakerBegan ? ConversationState.None : ConversationState.Reversed);
        }
    }

    /// <summary>Both sides are done, or one has reset it: it stays for what is still on the way.</summary>
    public void Close(int index)
    {
        if (_conversations.ListOf(index) != Closed)
        {
            _conversations.Move(index, Closed);
        }
    }

    public bool IsClosed(int index) => _conversations.ListOf(index) == Closed;

    public ref PendingSyn Syn(int index) => ref _syns[index];

    public int FindSyn(in PairKey key, uint hash) => _syns.Find(key, hash);

    public int AddSyn(in PairKey key, uint hash)
    {
        if (_syns.IsFull)
        {
            counters.SynsEvicted++;
            EndSyn(_syns.Oldest(0), FlowClose.Evicted);
        }

        counters.SynsOpened++;
        return _syns.Add(key, hash, 0);
    }

    public void RemoveSyn(int index) => _syns.Remove(index);

    /// <summary>Ends what was quiet for too long.</summary>
    public void Expire(long now)
    {
        for (int i = 0; i < MaxEndsAtOnce && _syns.Oldest(0) is >= 0 and int syn && now - _syns[syn].Time > _patience; i++)
        {
            EndSyn(syn, FlowClose.Unanswered);
        }

        Expire(Closed, now, _linger);
        Expire(OneWay, now, _udpIdle);
        Expire(TwoWay, now, _udpIdle);
        Expire(TwoWayTcp, now, _tcpIdle);
    }

    /// <summary>Ends everything.</summary>
    public void EndAll()
    {
        while (_syns.Oldest(0) is >= 0 and int syn)
        {
            EndSyn(syn, FlowClose.CaptureEnd);
        }

        for (int list = 0; list < Lists; list++)
        {
            while (_conversations.Oldest(list) is >= 0 and int index)
            {
                End(index, CloseOf(_conversations[index], FlowClose.CaptureEnd));
            }
        }
    }

    public void End(int index, FlowClose close)
    {
        Leaving?.Invoke(index);
        ref Conversation gone = ref _conversations[index];
        if (gone.Forward.Holds)
        {
            buffers.Drop(2 * index);
        }

        if (gone.Backward.Holds)
        {
            buffers.Drop((2 * index) + 1);
        }

        gone.Summary.Close = close;
        Tally(close);
        PairKey key = _conversations.KeyAt(index);
        bool reversed = gone.Is(ConversationState.Reversed);
        bool low = gone.Is(ConversationState.InitiatorIsLow) != reversed;
        Sighting at = AtOf(key, low, gone.Summary.End, gone.Interface, gone.Vlan, gone.Number);
        long gaps = gone.Summary.ForwardPackets - 1;
        gone.Summary.GapDeviation = gaps > 0 ? Math.Sqrt(gone.GapSquares / gaps) : 0;
        FlowSummary summary = gone.Summary;
        if (reversed)
        {
            (summary.ForwardPackets, summary.BackwardPackets) = (summary.BackwardPackets, summary.ForwardPackets);
            (summary.ForwardBytes, summary.BackwardBytes) = (summary.BackwardBytes, summary.ForwardBytes);
        }

        _conversations.Remove(index);
        events.FlowEnd(at, summary);
    }

    /// <summary>What a conversation ended with, if it has ended.</summary>
    public static FlowClose CloseOf(in Conversation conversation, FlowClose otherwise) =>
        conversation.Is(ConversationState.Reset) ? FlowClose.Reset
        : conversation.Is(ConversationState.InitiatorFinished) && conversation.Is(ConversationState.ResponderFinished) ? FlowClose.Finished
        : otherwise;

    public Sighting At(int index, bool fromInitiator, long time)
    {
        ref Conversation conversation = ref _conversations[index];
        bool low = conversation.Is(ConversationState.InitiatorIsLow) == fromInitiator;
        return AtOf(_conversations.KeyAt(index), low, time, conversation.Interface, conversation.Vlan, conversation.Number);
    }

    private static Sighting AtOf(in PairKey key, bool fromLow, long time, int @interface, ushort vlan, long number) => fromLow
        ? new Sighting(key.Low, key.LowPort, key.High, key.HighPort, time, @interface, vlan, number)
        : new Sighting(key.High, key.HighPort, key.Low, key.LowPort, time, @interface, vlan, number);

    private void Tally(FlowClose close)
    {
        switch (close)
        {
            case FlowClose.Finished:
                counters.FlowsFinished++;
                break;
            case FlowClose.Reset:
                counters.FlowsReset++;
                break;
            case FlowClose.Idle:
                counters.FlowsIdle++;
                break;
            case FlowClose.Evicted:
                counters.FlowsEvicted++;
                break;
            default:
                counters.FlowsAtEnd++;
                break;
        }
    }

    // The order of a list is by use only roughly, so what was used since moves to the front.
    private void Expire(int list, long now, long idle)
    {
        for (int i = 0; i < MaxEndsAtOnce && _conversations.Oldest(list) is >= 0 and int index; i++)
        {
            ref Conversation oldest = ref _conversations[index];
            long quiet = now - oldest.Summary.End;
            if (quiet > idle)
            {
                End(index, CloseOf(oldest, FlowClose.Idle));
            }
            else if (quiet < idle / 2 && list != Closed)
            {
                _conversations.Move(index, list);
            }
            else
            {
                return;
            }
        }
    }

    public void EndSyn(int index, FlowClose close)
    {
        PendingSyn syn = _syns[index];
        PairKey key = _syns.KeyAt(index);
        _syns.Remove(index);
        counters.SynsUnanswered += close == FlowClose.Unanswered ? 1 : 0;
        FlowSummary summary = new()
        {
            Protocol = key.Protocol,
            Close = close,
            Start = syn.Time,
            End = syn.Last,
            ForwardPackets = syn.Packets,
            ForwardBytes = syn.Bytes,
        };
        events.FlowEnd(AtOf(key, syn.InitiatorIsLow, syn.Last, syn.Interface, syn.Vlan, syn.Number), summary);
    }

    private static long Nanoseconds(TimeSpan span) => span.Ticks * 100;
}
