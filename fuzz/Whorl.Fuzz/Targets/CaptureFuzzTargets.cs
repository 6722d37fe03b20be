using System.Buffers.Binary;
using Whorl.Fingerprints.Packets;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Inputs;
using Whorl.Tests.Capture.Flows;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl/Sources/Capture: the file readers and the flow engine.</summary>
internal static class CaptureFuzzTargets
{
    private static readonly FlowLimits Small = new() { MaxConversations = 8, MaxSyns = 8, MaxHosts = 8, MaxNeighbours = 4, StreamBytes = 4096, BufferBytes = 16384, MaxOpenings = 4, OpeningBytes = 8192 };

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("capture-file", ReadFile, static () =>
        [
            [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 7, 8],
            [
                0x0A, 0x0D, 0x0D, 0x0A, 28, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0,
                1, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0,
                6, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 7, 8, 0, 0, 36, 0, 0, 0,
            ],
        ]),
        new("flow-segments", FollowSegments, static () => [[0x00, 0, 0, 0x40, 0, 6, .. "GET / HTTP/1.1\r\n\r\n"u8], [0x80, 0, 9, 0x10, 0, 30, 22, 3, 1, 0, 40, 1, 0, 0, 36]]),
        new("flow-frames", FollowFrames, static () => SeedFiles.Hex("packets.jsonl", "frame").Select(static frame => (byte[])[(byte)(frame.Length >> 8), (byte)frame.Length, .. frame])),
    ];

    private static int ReadFile(ReadOnlySpan<byte> input)
    {
        using CaptureFile file = CaptureFile.Read(new MemoryStream(input.ToArray()));
        long frames = 0;
        FrameRead read;
        while ((read = file.TryRead(out CapturedFrame frame)) == FrameRead.Frame)
        {
            frames += 1 + frame.Interface;
        }

        if (read == FrameRead.Idle || (read == FrameRead.Damaged) != (file.Fault is not null))
        {
            throw new InvalidOperationException("the answer contradicts itself");
        }

        return HashCode.Combine(read, Math.Min(frames, 8), file.Interfaces.Count, file.Fault?.Reason.Length);
    }

    // Each record: who and flags, offset (two bytes, signed), two bytes of acknowledgement, length, payload.
    private static int FollowSegments(ReadOnlySpan<byte> input)
    {
        FlowEngine engine = new(Small, null, new Deaf());
        long time = 1;
        while (input.Length >= 6)
        {
            int who = input[0] & 3;
            byte flags = (byte)((input[0] >> 2) & 0x17);
            short offset = BinaryPrimitives.ReadInt16BigEndian(input[1..]);
            ushort acknowledged = BinaryPrimitives.ReadUInt16BigEndian(input[3..]);
            int length = Math.Min(input[5], input.Length - 6);
            bool forward = (input[0] & 0x80) == 0;
            byte[] packet =
            [
                0x45, 0, 0, (byte)(40 + length), 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, (byte)(forward ? who : 9), 10, 0, 0, (byte)(forward ? 9 : who),
                forward ? (byte)9 : (byte)0, 80, forward ? (byte)0 : (byte)9, 80, 0, 1, (byte)((offset + 32768) >> 8), (byte)offset, 0, 1, (byte)(acknowledged >> 8), (byte)acknowledged,
                0x50, flags, 255, 255, 0, 0, 0, 0, .. input.Slice(6, length),
            ];
            time += 1_000_000L << (offset & 15);
            engine.Take(new CapturedFrame(LinkType.Raw, packet, packet.Length, time, 0));
            input = input[(6 + length)..];
        }

        return Sum(engine);
    }

    // Each record: length, frame.
    private static int FollowFrames(ReadOnlySpan<byte> input)
    {
        FlowEngine engine = new(Small, null, new Deaf());
        long time = 1;
        while (input.Length >= 2)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input), input.Length - 2);
            time += 50_000_000;
            engine.Take(new CapturedFrame(LinkType.Ethernet, input.Slice(2, length), length, time, 0));
            input = input[(2 + length)..];
        }

        return Sum(engine);
    }

    private static int Sum(FlowEngine engine)
    {
        EngineCounters counters = engine.Counters();
        if (counters.Flows > Small.MaxConversations || counters.Syns > Small.MaxSyns || counters.Openings > Small.MaxOpenings)
        {
            throw new InvalidOperationException("a table outgrew its bound");
        }

        engine.Finish();
        counters = engine.Counters();
        if (counters.Flows + counters.Syns + counters.Openings + counters.BufferedBytes != 0)
        {
            throw new InvalidOperationException("something is left at the end");
        }

        return HashCode.Combine(
            Math.Min(counters.FlowsOpened, 12), Math.Min(counters.SegmentsHeld, 6), counters.HttpRequests, counters.ClientHellos, counters.BrokenMessages, counters.GapsPassed, counters.SshBanners, counters.BuffersRefused > 0);
    }

    private sealed class Deaf : SilentEvents;
}
