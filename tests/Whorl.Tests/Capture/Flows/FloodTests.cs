using System.Buffers.Binary;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Tests.Capture.Flows;

/// <summary>Floods from memory: what the engine holds stays bounded, and real clients in the middle are told all the same.</summary>
[Collection(nameof(Alone))]
public sealed class FloodTests
{
    private const int RealClients = 200;
    private const long MaxMemory = 300L * 1024 * 1024;

    [Fact]
    public void Two_million_forged_syns_leave_the_memory_flat_and_real_clients_told()
    {
        const int Flood = 2_000_000;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        (FlowEngine engine, Frames frames, Counting told) = Start();
        byte[] syn = frames.Packet(true, Frames.Syn, 1, 0, []);
        for (int i = 0; i < Flood; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(syn.AsSpan(12), 0x0B00_0000 + i);
            BinaryPrimitives.WriteInt32BigEndian(syn.AsSpan(24), i * 7919);
            frames.Take(Frames.Ethernet(syn));
            ConnectNow(frames, i, Flood);
        }

        EngineCounters counters = engine.Counters();
        told.Hellos.ShouldBe(RealClients);
        told.Syns.ShouldBe(Flood + RealClients);
        counters.Syns.ShouldBeLessThanOrEqualTo(new FlowLimits().MaxSyns);
        counters.Flows.ShouldBe(RealClients);
        (counters.SynsEvicted + counters.SynsUnanswered + counters.Syns).ShouldBe(Flood);
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(MaxMemory);
        GC.KeepAlive(engine);
    }

    [Fact]
    public void Two_hundred_thousand_half_open_hellos_leave_the_memory_flat_and_real_clients_told()
    {
        const int Flood = 200_000;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        (FlowEngine engine, Frames frames, Counting told) = Start();
        for (int i = 0; i < Flood; i++)
        {
            frames.Client = 1000 + i;
            frames.Open();
            frames.FromClient(0, Hellos.Record.AsSpan(0, 80));
            ConnectNow(frames, i, Flood);
        }

        EngineCounters counters = engine.Counters();
        told.Hellos.ShouldBe(RealClients);
        counters.Flows.ShouldBeLessThanOrEqualTo(new FlowLimits().MaxConversations);
        counters.FlowsEvicted.ShouldBeGreaterThan(0);
        counters.BufferedBytes.ShouldBeLessThanOrEqualTo(new FlowLimits().BufferBytes + new FlowLimits().OpeningBytes);
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(MaxMemory);
        GC.KeepAlive(engine);
    }

    [Fact]
    public void Hellos_that_nobody_answers_are_told_and_not_kept_for_ever()
    {
        (FlowEngine engine, Frames frames, Counting told) = Start();
        for (int i = 0; i < 50_000; i++)
        {
            frames.Client = i;
            frames.Open();
            frames.FromClient(0, Hellos.Record);
        }

        told.Hellos.ShouldBe(50_000);
        engine.Counters().Openings.ShouldBeLessThanOrEqualTo(new FlowLimits().MaxOpenings);
        engine.Counters().OpeningsEvicted.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Quic_and_dtls_openings_that_never_end_are_bounded_by_bytes()
    {
        Counting told = new();
        FlowLimits limits = new() { OpeningBytes = 200_000 };
        FlowEngine engine = new(limits, null, told);
        byte[] fragment = [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 4, 12, 1, 0, 16, 0, 0, 0, 0, 0, 0, 0, 4, 0, .. new byte[1024]];
        for (int i = 0; i < 2000; i++)
        {
            byte[] udp = [0x9C, (byte)i, 1, 0xBB, (byte)((fragment.Length + 8) >> 8), (byte)(fragment.Length + 8), 0, 0, .. fragment];
            byte[] frame = Frames.Ethernet(Frames.Ip(false, 17, udp, [10, 5, (byte)(i >> 8), (byte)i], [10, 2, 0, 1]));
            engine.Take(new CapturedFrame(LinkType.Ethernet, frame, frame.Length, i, 0));
        }

        EngineCounters counters = engine.Counters();
        counters.Openings.ShouldBeInRange(10, 200);
        counters.BufferedBytes.ShouldBeLessThanOrEqualTo(limits.OpeningBytes);
        counters.OpeningsEvicted.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void Plain_packets_are_counted_without_allocating()
    {
        (FlowEngine engine, Frames frames, _) = Start();
        byte[][] packets = [.. Enumerable.Range(0, 64).Select(i =>
        {
            frames.Client = i;
            frames.Open();
            return Frames.Ethernet(frames.Packet(i % 2 == 0, Frames.Ack, Frames.ClientStart + 1, Frames.ServerStart + 1, new byte[900]));
        })];
        long time = frames.Now;
        Feed();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Feed()
        {
            for (int round = 0; round < 100; round++)
            {
                foreach (byte[] packet in packets)
                {
                    time += 1000;
                    engine.Take(new CapturedFrame(LinkType.Ethernet, packet, packet.Length, time, 0));
                }
            }
        }
    }

    // Spread over the flood: a client that sends its hello in two parts, the second after 50 more forged packets' time.
    private static void ConnectNow(Frames frames, int i, int flood)
    {
        int step = flood / RealClients;
        int phase = i % step;
        int before = frames.Client;
        frames.Client = 500_000_000 + ((i / step) << 1);
        switch (phase)
        {
            case 0:
                frames.Open();
                frames.FromClient(0, Hellos.Record.AsSpan(0, 50));
                break;
            case 50:
                frames.FromClient(50, Hellos.Record.AsSpan(50));
                break;
            default:
                break;
        }

        frames.Client = before;
    }

    private static (FlowEngine Engine, Frames Frames, Counting Told) Start()
    {
        Counting told = new();
        FlowEngine engine = new(new FlowLimits(), null, told);
        return (engine, new Frames(engine), told);
    }

    private sealed class Counting : SilentEvents
    {
        public int Hellos { get; private set; }

        public int Syns { get; private set; }

        public override void TcpSyn(in Sighting at, in StackSighting stack) => Syns++;

        public override void ClientHello(in Sighting at, HelloTransport transport, uint quicVersion, ClientHello hello) => Hellos++;
    }
}

/// <summary>Tests that measure the memory of the whole process run while no other does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
