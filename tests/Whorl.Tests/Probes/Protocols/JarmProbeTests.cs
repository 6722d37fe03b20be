using Whorl.Fingerprints.Jarm;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Protocols.Tls;

namespace Whorl.Tests.Probes.Protocols;

public sealed class JarmProbeTests
{
    // TLS 1.2, c02f, with renegotiation_info and extended_master_secret; then the first bytes of the next record.
    private static readonly byte[] Hello = Convert.FromHexString(
        "160303003b0200003703030102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2000c02f00000fff01000100000b0002010000170000" + "16030300040b000000");

    private static readonly byte[] Alert = [21, 3, 3, 0, 2, 2, 40];

    private static readonly string Expected = JarmHash.Compute(Enumerable.Repeat(JarmAnswer.Text(Hello), 10));

    [Theory]
    [InlineData(1, 20, false)]
    [InlineData(9, 20, false)]
    [InlineData(9, 4, false)]
    [InlineData(9, 20, true)]
    [InlineData(1, 1, true)]
    public async Task Ten_answers_make_the_hash_however_they_come(int atOnce, int places, bool dribble)
    {
        await using FakePeer peer = FakePeer.Answering(_ => Hello, dribble);
        Answered answered = await FakePeer.AskAsync(new JarmProbe(atOnce), peer.Target, atOnce: places);
        Finding finding = answered.Result.Findings.ShouldHaveSingleItem();
        finding.Kind.ShouldBe("probe.jarm");
        finding.Attributes.Get("tls.jarm").ShouldBe(Expected);
        finding.Attributes.Get("tls.jarm_answers").ShouldBe(string.Join(',', Enumerable.Repeat("c02f|0303||ff01-000b-0017", 10)));
        peer.Connections.ShouldBe(10);
        answered.Sent.ShouldBe(10);
    }

    [Fact]
    public async Task The_ten_hellos_are_the_ones_of_the_method_each_once()
    {
        List<byte[]> seen = [];
        await using FakePeer peer = FakePeer.Answering(hello =>
        {
            lock (seen)
            {
                seen.Add(hello);
            }

            return Hello;
        });
        await FakePeer.AskAsync(new JarmProbe(9), peer.Target);
        seen.Select(Shape).Order().ShouldBe(Enumerable.Range(0, 10).Select(number =>
        {
            byte[] hello = new byte[JarmProbes.MaxLength];
            return Shape(hello[..JarmProbes.Write(number, "127.0.0.1", static bytes => bytes.Fill(0x5A), hello)]);
        }).Order());
        seen.Select(hello => Convert.ToHexString(hello.AsSpan(11, 32))).Distinct().Count().ShouldBe(10);

        // The random bytes differ; the ciphers, from their length on, and all lengths do not. GREASE stands first among them.
        static string Shape(byte[] hello) => $"{hello.Length} {Convert.ToHexString(hello.AsSpan(0, 11))} {Convert.ToHexString(hello.AsSpan(80, 40))}";
    }

    [Fact]
    public async Task A_refused_hello_is_an_answer_of_its_own()
    {
        await using FakePeer peer = new(async (stream, number, stop) =>
        {
            _ = await stream.ReadAsync(new byte[4096], stop);
            if (number % 3 != 0)
            {
                await stream.WriteAsync(number % 3 == 1 ? Hello : Alert, stop);
            }
        });
        Answered answered = await FakePeer.AskAsync(new JarmProbe(1), peer.Target);
        string text = JarmAnswer.Text(Hello);
        answered.Result.Findings[0].Attributes.Get("tls.jarm").ShouldBe(JarmHash.Compute(Enumerable.Range(1, 10).Select(number => number % 3 == 1 ? text : JarmAnswer.None)));
    }

    [Fact]
    public async Task A_hello_that_we_have_no_port_for_is_no_answer_of_the_server()
    {
        // One port is one connection to one peer; the second hello keeps it to the end.
        await using FakePeer peer = new(async (stream, number, stop) =>
        {
            _ = await stream.ReadAsync(new byte[4096], stop);
            if (number == 1)
            {
                await stream.WriteAsync(Hello, stop);
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        });
        Answered answered = await FakePeer.AskAsync(new JarmProbe(9), peer.Target, TimeSpan.FromSeconds(1), ports: "60990-60990");
        answered.Result.Failure.ShouldBe(ProbeFailure.Local);
        answered.Result.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_closed_port_costs_one_connection()
    {
        Answered answered = await FakePeer.AskAsync(new JarmProbe(9), FakePeer.Nobody());
        answered.Result.Failure.ShouldBe(ProbeFailure.Refused);
        answered.Sent.ShouldBe(1);
    }

    [Fact]
    public async Task Silence_is_told_as_such_and_costs_one_connection()
    {
        await using FakePeer peer = FakePeer.Silent();
        Answered answered = await FakePeer.AskAsync(new JarmProbe(9), peer.Target, TimeSpan.FromMilliseconds(200));
        answered.Result.Failure.ShouldBe(ProbeFailure.TimedOut);
        answered.Sent.ShouldBe(1);
    }

    [Fact]
    public async Task One_hello_without_an_answer_in_time_leaves_no_value()
    {
        await using FakePeer peer = new(async (stream, number, stop) =>
        {
            _ = await stream.ReadAsync(new byte[4096], stop);
            if (number == 7)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, stop);
            }

            await stream.WriteAsync(Hello, stop);
        });
        (await FakePeer.AskAsync(new JarmProbe(9), peer.Target, TimeSpan.FromSeconds(1))).Result.Failure.ShouldBe(ProbeFailure.TimedOut);
    }

    [Fact]
    public async Task The_deadline_is_for_the_whole_however_long_a_tarpit_drips()
    {
        await using FakePeer peer = FakePeer.Tarpit(22);
        (await FakePeer.AskAsync(new JarmProbe(9), peer.Target, TimeSpan.FromMilliseconds(300))).Result.Failure.ShouldBe(ProbeFailure.TimedOut);
    }

    [Fact]
    public async Task Whoever_speaks_something_else_is_not_tls()
    {
        await using FakePeer peer = FakePeer.Answering(_ => "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        (await FakePeer.AskAsync(new JarmProbe(9), peer.Target)).Result.Failure.ShouldBe(ProbeFailure.NotThisProtocol);
    }

    [Fact]
    public async Task Hanging_up_on_every_hello_is_not_tls()
    {
        await using FakePeer peer = FakePeer.Closing();
        (await FakePeer.AskAsync(new JarmProbe(9), peer.Target)).Result.Failure.ShouldBe(ProbeFailure.NotThisProtocol);
    }

    [Fact]
    public async Task A_forbidden_address_is_never_connected_to()
    {
        await using FakePeer peer = FakePeer.Answering(_ => Hello);
        Answered answered = await FakePeer.AskAsync(new JarmProbe(9), peer.Target, allow: []);
        answered.Result.Failure.ShouldBe(ProbeFailure.Forbidden);
        answered.Sent.ShouldBe(0);
        peer.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task Connections_come_from_the_ports_that_capture_leaves_out()
    {
        List<int> ports = [];
        await using FakePeer peer = new(async (stream, _, stop) =>
        {
            lock (ports)
            {
                ports.Add(((System.Net.IPEndPoint)stream.Socket.RemoteEndPoint!).Port);
            }

            _ = await stream.ReadAsync(new byte[4096], stop);
            await stream.WriteAsync(Hello, stop);
        });
        await FakePeer.AskAsync(new JarmProbe(9), peer.Target);
        ports.Count.ShouldBe(10);
        ports.ShouldAllBe(port => port >= 61000 && port <= 64999);
    }
}
