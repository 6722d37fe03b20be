using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Tests.Capture.Flows;

public sealed class FlowEngineTests
{
    private readonly ToldEvents _told = new();
    private readonly FlowEngine _engine;
    private readonly Frames _frames;

    public FlowEngineTests()
    {
        _engine = new FlowEngine(new FlowLimits(), null, _told);
        _frames = new Frames(_engine);
    }

    [Fact]
    public void A_conversation_ends_with_what_went_over_it()
    {
        _frames.Open();
        _frames.FromClient(0, new byte[100]);
        _frames.FromClient(0, new byte[100]);
        _frames.FromServer(0, new byte[1000]);
        _frames.Send(true, Frames.Fin | Frames.Ack, Frames.ClientStart + 101, Frames.ServerStart + 1001, []);
        _frames.Send(false, Frames.Fin | Frames.Ack, Frames.ServerStart + 1001, Frames.ClientStart + 102, []);
        _frames.Send(true, Frames.Ack, Frames.ClientStart + 102, Frames.ServerStart + 1002, []);
        _told.Ends.ShouldBeEmpty();
        _engine.Tick(_frames.Now + 6_000_000_000);

        (Sighting at, FlowSummary flow) = _told.Ends.ShouldHaveSingleItem();
        (at.SourcePort, at.DestinationPort, at.Flow).ShouldBe(((ushort)40_000, (ushort)443, 1L));
        flow.Close.ShouldBe(FlowClose.Finished);
        (flow.ForwardPackets, flow.BackwardPackets, flow.Retransmits).ShouldBe((6L, 3L, 1));
        (flow.ForwardBytes, flow.BackwardBytes).ShouldBe(((6 * 40L) + 8 + 200, (3 * 40L) + 8 + 1000));
        (flow.End - flow.Start).ShouldBe(800_000);
        (flow.GapMin, flow.GapMax, flow.GapMean).ShouldBe((100_000L, 200_000L, 160_000.0));
        flow.GapDeviation.ShouldBe(Math.Sqrt(2.4e9), 1);
    }

    [Fact]
    public void A_reset_ends_a_conversation_and_so_does_silence()
    {
        _frames.Open();
        _frames.Send(false, Frames.Rst, Frames.ServerStart + 1, 0, []);
        _frames.Client = 2;
        _frames.Open();
        _engine.Tick(_frames.Now + 301_000_000_000);
        _told.Ends.Select(end => end.Flow.Close).ShouldBe([FlowClose.Reset, FlowClose.Idle]);
    }

    [Fact]
    public void A_syn_that_nobody_answers_is_told_with_its_repetitions()
    {
        _frames.Send(true, Frames.Syn, Frames.ClientStart, 0, []);
        _frames.Send(true, Frames.Syn, Frames.ClientStart, 0, []);
        _engine.Counters().Flows.ShouldBe(0);
        _engine.Tick(_frames.Now + 21_000_000_000);
        FlowSummary flow = _told.Ends.ShouldHaveSingleItem().Flow;
        (flow.Close, flow.ForwardPackets, flow.ForwardBytes).ShouldBe((FlowClose.Unanswered, 2L, 96L));
    }

    [Fact]
    public void A_port_used_again_is_another_conversation()
    {
        _frames.Open();
        _frames.Send(true, Frames.Syn, 77, 0, []);
        _frames.Send(false, Frames.Syn | Frames.Ack, 99, 78, []);
        _frames.Send(true, Frames.Ack, 78, 100, Hellos.Record);
        _engine.Finish();
        _told.Ends.Select(end => end.At.Flow).ShouldBe([1, 2]);
        _told.Lines.ShouldContain(line => line.StartsWith("hello ", StringComparison.Ordinal));
    }

    [Fact]
    public void In_a_conversation_without_its_beginning_the_client_is_who_says_hello()
    {
        _frames.FromServer(0, new byte[10]);
        _frames.FromClient(0, Hellos.Record);
        _engine.Finish();
        (Sighting at, FlowSummary flow) = _told.Ends.ShouldHaveSingleItem();
        (at.SourcePort, flow.ForwardPackets, flow.BackwardBytes, flow.Close).ShouldBe(((ushort)40_000, 1L, 50L, FlowClose.CaptureEnd));
    }

    [Fact]
    public void Data_inside_a_syn_is_read()
    {
        _frames.Send(true, Frames.Syn, Frames.ClientStart, 0, Hellos.Record);
        _told.Lines.ShouldContain(line => line.StartsWith("hello ", StringComparison.Ordinal));
    }

    [Fact]
    public void How_a_host_counts_is_told_once_enough_of_it_was_seen()
    {
        for (int i = 0; i < 6; i++)
        {
            _frames.Now += 1_000_000_000;
            _frames.Send(true, Frames.Syn, (uint)(1000 + (64_000 * i)), 0, []);
        }

        _told.Stacks[2].Isn.ShouldBeNull();
        _told.Stacks[5].Isn.ShouldBe(IsnClass.FixedStep);
        _told.Stacks[5].IpId.ShouldBe(IpIdClass.Constant);
    }

    [Fact]
    public void Requests_one_after_the_other_are_told_with_bodies_passed_over()
    {
        string stream = "POST /a HTTP/1.1\r\nContent-Length: 18\r\n\r\nGET /no HTTP/1.1\r\nGET /b HTTP/1.1\r\nHost: b\r\n\r\nHEAD /c HTTP/1.0\r\n\r\n";
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(stream);
        for (int length = 1; length <= bytes.Length; length++)
        {
            ToldEvents told = new();
            Frames frames = new(new FlowEngine(new FlowLimits(), null, told));
            frames.Open();
            for (int at = 0; at < bytes.Length; at += length)
            {
                frames.FromClient(at, bytes.AsSpan(at, Math.Min(length, bytes.Length - at)));
            }

            told.Lines.Where(line => line.StartsWith("http ", StringComparison.Ordinal)).Select(line => line.Split("443 ")[1])
                .ShouldBe(["POST /a HTTP/1.1 Content-Length", "GET /b HTTP/1.1 Host", "HEAD /c HTTP/1.0 "], $"segments of {length}");
        }
    }

    [Fact]
    public void A_banner_behind_a_notice_is_found_and_belongs_to_the_server()
    {
        _frames.Open();
        _frames.FromServer(0, "Be warned.\r\nSSH-2.0-Decoy_1\r\n"u8);
        _frames.FromClient(0, "SSH-2.0-"u8);
        _frames.FromClient(8, "Client\r\n"u8);
        _told.Lines.Where(line => line.StartsWith("banner", StringComparison.Ordinal)).ShouldBe(
            ["banner 10.2.0.1:443 > 10.0.0.1:40000 SSH-2.0-Decoy_1", "banner 10.0.0.1:40000 > 10.2.0.1:443 SSH-2.0-Client"]);
    }

    [Fact]
    public void A_link_local_neighbour_is_told_with_the_address_that_arp_gave()
    {
        byte[] mac = [0x52, 0x54, 0, 0x11, 0x22, 0x33];
        byte[] arp = [.. Enumerable.Repeat((byte)0xFF, 6), .. mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, .. mac, 192, 0, 2, 9, .. new byte[6], 192, 0, 2, 1];
        byte[] address = [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xFF, 0xFE, 0x11, 0x22, 0x33];
        byte[] packet = [.. new byte[6], .. mac, 0x86, 0xDD, .. Frames.Ip(true, 58, [135, 0, 0, 0, 0, 0, 0, 0], address, address)];
        _frames.Take(arp);
        _frames.Take(packet);
        _frames.Take(packet);
        _told.Neighbours.ShouldHaveSingleItem().ShouldBe(
            new LinkLocalSighting(0x5254_0011_2233, InterfaceIdKind.Eui64, FlowKey.FromBytes([192, 0, 2, 9])));
        _told.Icmps.ShouldBeEmpty(); // neighbour discovery is every link's own noise
    }

    [Fact]
    public void An_echo_is_told_with_its_length()
    {
        _frames.Take(Frames.Ethernet(Frames.Ip(false, 1, [8, 0, 0, 0, 0, 1, 0, 1, .. new byte[56]], [10, 0, 0, 1], [10, 0, 0, 2])));
        _told.Icmps.ShouldHaveSingleItem().Message.ShouldBe(new IcmpSighting(4, 8, 0, 56));
    }

    [Fact]
    public void Counters_tell_frames_that_hold_nothing_to_read()
    {
        _frames.Take([1, 2, 3]);
        _frames.Take([.. new byte[12], 0x12, 0x34, .. new byte[40]]);
        _engine.Take(new CapturedFrame((LinkType)999, [1], 1, 0, 0));
        EngineCounters counters = _engine.Counters();
        (counters.Frames, counters.Truncated, counters.NotIp, counters.UnknownLink).ShouldBe((3, 1, 1, 1));
    }
}
