using System.Buffers.Binary;
using System.Diagnostics;
using Whorl.Native.Capture;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Inputs;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Capture;

/// <summary>Frames of real interfaces, by the kernel's ring and by libpcap alike.</summary>
public sealed class LiveSourceTests
{
    private static readonly byte[] Mark = "whorl live capture"u8.ToArray();

    [Theory]
    [InlineData("Ring")]
    [InlineData("Libpcap")]
    public async Task Frames_of_another_namespace_arrive_as_sent_with_the_kernels_time(string method)
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        using LiveSource source = Open(network, method).ShouldHaveSingleItem();
        byte[] sent = TestFrames.Udp(7, 5000, Mark);
        long before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000L;
        await ReplayAsync(network, sent);
        Seen seen = Read(source, 1).ShouldHaveSingleItem();

        seen.Bytes.ShouldBe(sent);
        seen.OriginalLength.ShouldBe(sent.Length);
        seen.Time.ShouldBeInRange(before - 1_000_000_000L, before + 60_000_000_000L);
        source.Interfaces.ShouldBe([$"{network.Sensor}:s0"]);
        source.Counters().KernelDrops.ShouldBe(0);
    }

    [Theory]
    [InlineData("Ring")]
    [InlineData("Libpcap")]
    public async Task A_vlan_tag_that_the_kernel_took_off_is_there_again(string method)
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        using LiveSource source = Open(network, method).ShouldHaveSingleItem();
        byte[] sent = TestFrames.Udp(7, 5000, Mark, vlan: 0x6123);
        await ReplayAsync(network, sent);

        Read(source, 1).ShouldHaveSingleItem().Bytes.ShouldBe(sent);
    }

    [Theory]
    [InlineData("Ring", "udp src port 5001")]
    [InlineData("Libpcap", "udp src port 5001")]
    [InlineData("Ring", "vlan 5")]
    [InlineData("Libpcap", "vlan 5")]
    public async Task A_filter_lets_through_what_it_names_and_nothing_else(string method, string filter)
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        using LiveSource source = Open(network, method, options => options.Filter = filter).ShouldHaveSingleItem();
        byte[] wanted = TestFrames.Udp(7, 5001, Mark, vlan: filter.StartsWith("vlan", StringComparison.Ordinal) ? (ushort)5 : (ushort)0);
        await ReplayAsync(network, TestFrames.Udp(7, 5000, Mark), TestFrames.Udp(7, 5002, Mark, vlan: 6), wanted, TestFrames.Udp(7, 5003, Mark));

        Read(source, 1).ShouldHaveSingleItem().Bytes.ShouldBe(wanted);
        source.Counters().Frames.ShouldBe(1);
    }

    [Fact]
    public async Task Threads_share_conversations_and_none_is_torn_apart()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        IReadOnlyList<LiveSource> sources = Open(network, "Ring", threads: 3);
        sources.Count.ShouldBe(3);
        await ReplayAsync(network, [.. Enumerable.Range(0, 60).SelectMany(i => Conversation((ushort)(6000 + i)))]);

        // Port of the conversation by the source that saw it.
        List<(int Source, int Port)> seen = [.. sources.SelectMany((source, i) => Read(source, int.MaxValue).Select(frame => (i, PortOf(frame.Bytes))))];
        seen.Count.ShouldBe(240, string.Join(" ", seen));
        seen.Distinct().Count().ShouldBe(60);
        seen.Select(entry => entry.Source).Distinct().Count().ShouldBeGreaterThan(1);
        sources.ToList().ForEach(source => source.Dispose());

        static IEnumerable<byte[]> Conversation(ushort port) =>
            [TestFrames.Udp(7, port, Mark), TestFrames.Udp(7, port, Mark, back: true), TestFrames.Udp(7, port, Mark), TestFrames.Udp(7, port, Mark, back: true)];

        static int PortOf(byte[] frame)
        {
            int source = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(34));
            return source == 7777 ? BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(36)) : source;
        }
    }

    [Fact]
    public async Task What_does_not_fit_into_the_ring_is_counted()
    {
        const int Sent = 40_000;
        await using TestNetwork network = await TestNetwork.CreateAsync();
        using LiveSource source = Open(network, "Ring", options => options.RingMegabytes = 1).ShouldHaveSingleItem();
        byte[] frame = TestFrames.Udp(7, 5000, new byte[200]);
        using TempFolder folder = new();
        string file = folder.File("many.pcap");
        TestFrames.Write(file, [frame]);
        await network.ReplayAsync(file, $"--loop={Sent}", "--topspeed");

        int read = Read(source, int.MaxValue).Count(seen => seen.Bytes.AsSpan().SequenceEqual(frame));
        SourceCounters counters = source.Counters();
        read.ShouldBeInRange(1, Sent - 1);
        (counters.KernelDrops + counters.Frames).ShouldBeGreaterThanOrEqualTo(Sent);
        counters.Freezes.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("Ring")]
    [InlineData("Libpcap")]
    public async Task An_interface_that_goes_away_ends_the_source_with_a_reason(string method)
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        using LiveSource source = Open(network, method).ShouldHaveSingleItem();
        await network.CutAsync();

        FrameRead read = FrameRead.Idle;
        for (int i = 0; i < 200 && read != FrameRead.Damaged; i++)
        {
            read = source.TryRead(out _);
        }

        read.ShouldBe(FrameRead.Damaged);
        source.Fault!.Offset.ShouldBe(-1);
        source.Fault.Reason.ShouldContain("interface");
    }

    [Theory]
    [InlineData("Ring")]
    [InlineData("Libpcap")]
    public async Task Whatever_cannot_be_opened_says_why(string method)
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        Fault(network, method, "nothing0").ShouldBe(CaptureFaultKind.NoSuchInterface);
        Fault(network, method, "s0", options => options.Filter = "udp port nonsense").ShouldBe(CaptureFaultKind.BadFilter);
        await TestNetwork.IpAsync("-n", network.Sensor, "link", "set", "s0", "down");
        Fault(network, method, "s0").ShouldBe(CaptureFaultKind.InterfaceDown);
        LiveSource.TryOpen(new("s0", "/var/run/netns/no-such-host", "x"), Options(method), 1, out _)!.Kind.ShouldBe(CaptureFaultKind.NoSuchNamespace);
        LiveSource.TryOpen(new("s0", "/etc/hostname", "x"), Options(method), 1, out _)!.Kind.ShouldBe(CaptureFaultKind.NoSuchNamespace);
    }

    [Fact]
    public async Task What_goes_over_the_loopback_is_seen_once()
    {
        await using TestNetwork network = await TestNetwork.CreateAsync();
        LiveSource.TryOpen(new("lo", "/var/run/netns/" + network.Sensor, "lo"), Options("Ring"), 1, out IReadOnlyList<LiveSource> sources).ShouldBeNull();
        using LiveSource source = sources[0];
        await TestNetwork.RunAsync(network.Sensor, "bash", "-c", $"echo -n '{System.Text.Encoding.ASCII.GetString(Mark)}' >/dev/udp/127.0.0.1/5000");

        Read(source, int.MaxValue).Count(frame => frame.Bytes.AsSpan().IndexOf(Mark) > 0 && frame.Bytes[23] == 17).ShouldBe(1);
    }

    private static CaptureOptions Options(string method) => new() { Method = Enum.Parse<CaptureMethod>(method), RingMegabytes = 8 };

    private static CaptureFaultKind? Fault(TestNetwork network, string method, string name, Action<CaptureOptions>? change = null)
    {
        CaptureOptions options = Options(method);
        change?.Invoke(options);
        CaptureFault? fault = LiveSource.TryOpen(new(name, "/var/run/netns/" + network.Sensor, name), options, 1, out _);
        fault!.Reason.ShouldNotBeNullOrWhiteSpace();
        return fault.Kind;
    }

    private static IReadOnlyList<LiveSource> Open(TestNetwork network, string method, Action<CaptureOptions>? change = null, int threads = 1)
    {
        CaptureOptions options = Options(method);
        change?.Invoke(options);
        CapturePoint.TryParse($"{network.Sensor}:s0", out CapturePoint? point).ShouldBeTrue();
        LiveSource.TryOpen(point, options, threads, out IReadOnlyList<LiveSource> sources).ShouldBeNull();
        return sources;
    }

    private static async Task ReplayAsync(TestNetwork network, params byte[][] frames)
    {
        using TempFolder folder = new();
        string file = folder.File("frames.pcap");
        TestFrames.Write(file, frames);
        await network.ReplayAsync(file);
    }

    /// <summary>Reads until <paramref name="enough"/> frames of the test came or nothing comes any more; what the kernel says by itself (neighbour discovery) is left out.</summary>
    private static List<Seen> Read(LiveSource source, int enough)
    {
        List<Seen> seen = [];
        long start = Stopwatch.GetTimestamp();
        int idle = 0;
        while (seen.Count < enough && idle < 3 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20))
        {
            switch (source.TryRead(out CapturedFrame frame))
            {
                case FrameRead.Frame when IsOurs(frame.Bytes):
                    seen.Add(new(frame.Bytes.ToArray(), frame.OriginalLength, frame.Time));
                    break;
                case FrameRead.Idle:
                    idle++;
                    break;
                case FrameRead.Damaged:
                    throw new InvalidOperationException(source.Fault!.Reason);
            }
        }

        return seen;
    }

    private static bool IsOurs(ReadOnlySpan<byte> frame) => frame.Length > 23 && ((frame[12] == 8 && frame[23] == 17) || frame[12] == 0x81);

    private sealed record Seen(byte[] Bytes, int OriginalLength, long Time);
}
