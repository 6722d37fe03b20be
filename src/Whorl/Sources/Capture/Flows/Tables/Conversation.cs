using System.Runtime.CompilerServices;
using Whorl.Sources.Capture.Flows.Protocols;
using Whorl.Sources.Capture.Flows.Streams;

namespace Whorl.Sources.Capture.Flows.Tables;

[Flags]
internal enum ConversationState : byte
{
    None = 0,

    /// <summary>The one who began it has the smaller address of the key.</summary>
    InitiatorIsLow = 1,

    /// <summary>Who began it is known from a SYN, its answer, or what was said; otherwise guessed.</summary>
    RolesKnown = 2,

    /// <summary>What was said shows that the guess was wrong.</summary>
    Reversed = 4,

    InitiatorFinished = 8,
    ResponderFinished = 16,
    Reset = 32,

    /// <summary>Both sides were heard.</summary>
    TwoWay = 128,

    /// <summary>The clock of the initiator was measured.</summary>
    ClockDone = 64,
}

/// <summary>What is known of one conversation.</summary>
internal struct Conversation
{
    public ConversationState State;
    public ushort Vlan;

    /// <summary>Segment size that the initiator's SYN offered.</summary>
    public ushort OfferedMss;

    public int Interface;

    /// <summary>Sequence number of the SYN.</summary>
    public uint InitialSequence;

    /// <summary>Timestamp option of the SYN, and when it came.</summary>
    public uint SynClock;

    public long SynTime;
    public long Number;
    public FlowSummary Summary;
    public long LastForward;

    /// <summary>Sum of the squares of the differences from the mean gap (Welford).</summary>
    public double GapSquares;

    public HalfStream Forward;
    public HalfStream Backward;

    /// <summary>What has to be remembered of its opening.</summary>
    public Opening? Memory;

    /// <summary>Counts a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Count(bool forward, int length, long time)
    {
        Summary.End = time;
        if (!forward)
        {
            Summary.BackwardPackets++;
            Summary.BackwardBytes += length;
            return;
        }

        Summary.ForwardPackets++;
        Summary.ForwardBytes += length;
        if (Summary.ForwardPackets > 1)
        {
            long gap = Math.Max(0, time - LastForward);
            Summary.GapMin = Summary.ForwardPackets == 2 ? gap : Math.Min(Summary.GapMin, gap);
            Summary.GapMax = Math.Max(Summary.GapMax, gap);
            double from = gap - Summary.GapMean;
            Summary.GapMean += from / (Summary.ForwardPackets - 1);
            GapSquares += from * (gap - Summary.GapMean);
        }

        LastForward = time;
    }

    public readonly bool Is(ConversationState state) => (State & state) != ConversationState.None;
}

/// <summary>A SYN that waits for its answer.</summary>
internal struct PendingSyn
{
    public bool InitiatorIsLow;
    public ushort Mss;
    public ushort Vlan;
    public int Interface;
    public int Packets;
    public uint Sequence;
    public uint Clock;
    public long Bytes;
    public long Time;
    public long Last;
    public long Number;
}
