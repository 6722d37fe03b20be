using System.Runtime.CompilerServices;
using Whorl.Sources.Capture.Flows.Protocols;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Streams;

/// <summary>
/// Puts the segments of a TCP direction in order and shows them to the readers. Bytes that come in order are shown where
/// they lie; only what waits for more is copied. The rule where segments overlap: the bytes that came first count.
/// </summary>
internal sealed class Reassembly(ConversationTable conversations, StreamBuffers buffers, StreamReaders readers, EngineCounters counters)
{
    // Acknowledgements beyond a gap after which the capture, and not the network, has lost those bytes.
    private const int GapPatience = 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(int index, bool forward, uint sequence, ReadOnlySpan<byte> payload, long time)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        int offset = unchecked((int)(sequence - half.Base));
        if (offset < 0)
        {
            if (offset + payload.Length <= 0)
            {
                return;
            }

            payload = payload[-offset..];
            offset = 0;
        }

        int stream = StreamOf(index, forward);
        if (!half.Holds && offset == 0)
        {
            long consumed = readers.Read(index, forward, time, payload);
            half.Base += (uint)consumed;
            if (consumed < payload.Length && half.Protocol != StreamProtocol.Over && !Hold(ref half, stream, 0, payload[(int)consumed..]))
            {
                half.Protocol = StreamProtocol.Over;
            }

            return;
        }

        if (half.Holds && !buffers.Has(stream))
        {
            half.Holds = false;
            half.Protocol = StreamProtocol.Over; // its buffer went to others
            return;
        }

        if (Hold(ref half, stream, offset, payload))
        {
            ReadHeld(index, forward, time);
        }
        else if (half.Holds && offset == buffers.Contiguous(stream).Length)
        {
            // A message longer than a stream may hold. What is only far ahead is passed over: anyone can send that.
            half.Protocol = StreamProtocol.Over;
            half.Holds = false;
            buffers.Drop(stream);
        }
    }

    /// <summary>An acknowledgement of the other side: shows that the receiver has what the capture is waiting for.</summary>
    public void Acknowledge(int index, bool forward, uint acknowledged, long time)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        int stream = StreamOf(index, forward);
        int behind = buffers.BehindGap(stream);
        if (behind == 0 || unchecked((int)(acknowledged - half.Base)) < behind || ++half.GapsAcknowledged < GapPatience)
        {
            return;
        }

        counters.GapsPassed++;
        half.GapsAcknowledged = 0;
        half.Base += (uint)behind;
        half.Need = 0;
        half.Cursor = default;
        half.Protocol = half.Protocol is StreamProtocol.Http or StreamProtocol.Unknown ? StreamProtocol.Unknown : StreamProtocol.Over;
        buffers.Slide(stream, behind);
        ReadHeld(index, forward, time);
    }

    private bool Hold(ref HalfStream half, int stream, int offset, ReadOnlySpan<byte> bytes)
    {
        counters.SegmentsHeld++;
        if (buffers.TryHold(stream, offset, bytes))
        {
            half.Holds = true;
            return true;
        }

        counters.BuffersRefused++;
        return false;
    }

    private void ReadHeld(int index, bool forward, long time)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        int stream = StreamOf(index, forward);
        while (true)
        {
            ReadOnlySpan<byte> bytes = buffers.Contiguous(stream);
            if (bytes.IsEmpty || bytes.Length < half.Need)
            {
                return;
            }

            long consumed = half.Protocol == StreamProtocol.Over ? 0 : readers.Read(index, forward, time, bytes);
            if (half.Protocol == StreamProtocol.Over)
            {
                buffers.Drop(stream);
                half.Holds = false;
                return;
            }

            if (consumed == 0)
            {
                return;
            }

            half.Base += (uint)consumed;
            buffers.Slide(stream, (int)Math.Min(consumed, int.MaxValue));
            half.Holds = buffers.Has(stream);
        }
    }

    private static int StreamOf(int index, bool forward) => (2 * index) + (forward ? 0 : 1);
}
