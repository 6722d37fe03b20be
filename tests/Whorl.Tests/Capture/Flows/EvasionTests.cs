using Whorl.Sources.Capture.Flows;

namespace Whorl.Tests.Capture.Flows;

/// <summary>Ways in which a hello is hidden from those who look at single packets.</summary>
public sealed class EvasionTests
{
    [Fact]
    public void A_hello_is_read_when_it_is_cut_at_any_byte_over_segments()
    {
        for (int cut = 1; cut < Hellos.Record.Length; cut++)
        {
            ShouldBeRead(frames =>
            {
                frames.FromClient(0, Hellos.Record.AsSpan(0, cut));
                frames.FromClient(cut, Hellos.Record.AsSpan(cut));
            }, $"cut at {cut}");
        }
    }

    [Fact]
    public void A_hello_is_read_when_it_is_cut_at_any_byte_and_the_second_segment_comes_first()
    {
        for (int cut = 1; cut < Hellos.Record.Length; cut++)
        {
            ShouldBeRead(frames =>
            {
                frames.FromClient(cut, Hellos.Record.AsSpan(cut));
                frames.FromClient(0, Hellos.Record.AsSpan(0, cut));
            }, $"cut at {cut}");
        }
    }

    [Fact]
    public void A_hello_is_read_when_it_is_cut_at_any_byte_over_records()
    {
        for (int length = 1; length < Hellos.Message.Length; length++)
        {
            byte[] records = Hellos.InRecords(length);
            ShouldBeRead(frames => frames.FromClient(0, records), $"records of {length}");
            ShouldBeRead(frames =>
            {
                for (int at = 0; at < records.Length; at += 7)
                {
                    frames.FromClient(at, records.AsSpan(at, Math.Min(7, records.Length - at)));
                }
            }, $"records of {length} in segments of 7");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hello_is_read_byte_by_byte_in_any_order(bool version6)
    {
        int[] order = [.. Enumerable.Range(0, Hellos.Record.Length)];
        for (int seed = 1; seed <= 20; seed++)
        {
            new Random(seed).Shuffle(order);
            ShouldBeRead(frames =>
            {
                foreach (int at in order)
                {
                    frames.FromClient(at, Hellos.Record.AsSpan(at, 1));
                }
            }, $"order {seed}", version6: version6);
        }
    }

    [Fact]
    public void Where_segments_overlap_the_bytes_that_came_first_count()
    {
        byte[] other = [.. Hellos.Record];
        other.AsSpan(20).Fill(0xEE);
        ShouldBeRead(frames =>
        {
            frames.FromClient(30, Hellos.Record.AsSpan(30));
            frames.FromClient(20, other.AsSpan(20, 40)); // fills 20 to 29 with other bytes, which are part of the random; the rest is known
            frames.FromClient(0, Hellos.Record.AsSpan(0, 25));
        }, "overlap");
        ShouldBeRead(frames =>
        {
            frames.FromClient(0, Hellos.Record.AsSpan(0, 60));
            frames.FromClient(0, other.AsSpan(0, 60));
            frames.FromClient(50, other.AsSpan(50, 10));
            frames.FromClient(60, Hellos.Record.AsSpan(60));
            frames.FromClient(60, other.AsSpan(60));
        }, "sent again with other bytes");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hello_is_read_in_fragments_forwards_and_backwards(bool version6)
    {
        foreach (bool backwards in (bool[])[false, true])
        {
            ShouldBeRead(frames =>
            {
                byte[] packet = frames.Packet(true, Frames.Ack, Frames.ClientStart + 1, Frames.ServerStart + 1, Hellos.Record);
                IEnumerable<byte[]> parts = Frames.Fragments(packet, 24);
                foreach (byte[] part in backwards ? parts.Reverse() : parts)
                {
                    frames.Take(frames.Wrap(part));
                }
            }, $"backwards {backwards}", version6: version6);
        }
    }

    [Theory]
    [InlineData("vlan", false)]
    [InlineData("vlan", true)]
    [InlineData("gre", false)]
    [InlineData("gre", true)]
    public void A_hello_is_read_inside_tags_and_tunnels(string around, bool version6) => ShouldBeRead(
        frames =>
        {
            frames.FromClient(9, Hellos.Record.AsSpan(9));
            frames.FromClient(0, Hellos.Record.AsSpan(0, 9));
        },
        around,
        version6,
        around == "vlan" ? Frames.Tagged : Frames.Gre);

    [Fact]
    public void A_hello_is_read_behind_extension_headers() => ShouldBeRead(
        frames => frames.FromClient(0, Hellos.Record),
        "extension headers",
        version6: true,
        wrap: ip => Frames.Ethernet(
        [
            .. ip[..4], (byte)((ip.Length - 40 + 24) >> 8), (byte)(ip.Length - 40 + 24), 0, .. ip[7..40],
            60, 0, 1, 4, 0, 0, 0, 0, // hop by hop
            43, 0, 1, 4, 0, 0, 0, 0, // destination options
            6, 0, 0, 0, 0, 0, 0, 0, // routing
            .. ip[40..],
        ]));

    [Fact]
    public void A_segment_far_ahead_or_a_reset_does_not_stop_the_reading() => ShouldBeRead(
        frames =>
        {
            frames.FromClient(0, Hellos.Record.AsSpan(0, 40));
            frames.FromClient(2_000_000, [1, 2, 3]);
            frames.FromClient(60_000, [1, 2, 3]);
            frames.Send(false, Frames.Rst, 77, 0, []);
            frames.FromClient(40, Hellos.Record.AsSpan(40));
        },
        "noise");

    [Fact]
    public void A_gap_that_the_receiver_does_not_have_is_passed_over()
    {
        (FlowEngine engine, Frames frames, ToldEvents told) = Start();
        byte[] request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
        frames.FromClient(0, request);
        frames.FromClient(request.Length + 500, request); // what lies between was never captured
        frames.Send(false, Frames.Ack, Frames.ServerStart + 1, Frames.ClientStart + 1 + (uint)((2 * request.Length) + 500), []);
        frames.Send(false, Frames.Ack, Frames.ServerStart + 1, Frames.ClientStart + 1 + (uint)((2 * request.Length) + 500), []);
        told.Lines.Count(line => line.StartsWith("http ", StringComparison.Ordinal)).ShouldBe(2);
        engine.Counters().GapsPassed.ShouldBe(1);
    }

    private static (FlowEngine Engine, Frames Frames, ToldEvents Told) Start()
    {
        ToldEvents told = new();
        FlowEngine engine = new(new FlowLimits(), null, told);
        Frames frames = new(engine);
        frames.Open();
        return (engine, frames, told);
    }

    private static void ShouldBeRead(Action<Frames> send, string how, bool version6 = false, Func<byte[], byte[]>? wrap = null)
    {
        ToldEvents told = new();
        FlowEngine engine = new(new FlowLimits(), null, told);
        Frames frames = new(engine) { Version6 = version6 };
        frames.Wrap = wrap ?? frames.Wrap;
        frames.Open();
        send(frames);
        told.Lines.Count(line => line.StartsWith("hello ", StringComparison.Ordinal)).ShouldBe(1, how);
        told.Lines.Single(line => line.StartsWith("hello ", StringComparison.Ordinal)).ShouldContain($" {Hellos.Ja3} ", Case.Sensitive, how);
        engine.Counters().BufferedBytes.ShouldBeLessThanOrEqualTo(4096, how);
    }
}
