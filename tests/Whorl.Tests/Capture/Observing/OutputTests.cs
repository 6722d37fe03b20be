using System.Text;
using System.Text.Json;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Capture.Addresses;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Tests.Capture.Observing;

public sealed class OutputTests
{
    private const long Second = 1_000_000_000;

    private static readonly long Start = DateTimeOffset.Parse("2026-11-21T12:00:00Z").ToUnixTimeSeconds() * Second;

    private readonly Written _written = new();

    [Fact]
    public void Repetition_is_counted_and_told_when_its_window_closes()
    {
        Folding folding = new(_written, TimeSpan.FromMinutes(5), 16, 1_000_000);
        for (int i = 0; i < 10; i++)
        {
            Tell(folding, Start + (i * Second), "a", "fp");
        }

        _written.Lines.ShouldBe(["a fp"]);
        folding.Tick(Start + (299 * Second));
        _written.Lines.Count.ShouldBe(1);
        folding.Tick(Start + (300 * Second));
        _written.Lines[1..].ShouldBe(["a fp,\"count\":9,\"first\":\"2026-11-21T12:00:00.000000Z\",\"last\":\"2026-11-21T12:00:09.000000Z\""]);
        folding.Folded.ShouldBe(9);
        Tell(folding, Start + (301 * Second), "a", "fp");
        _written.Lines[2..].ShouldBe(["a fp"]);
    }

    [Fact]
    public void Another_destination_port_kind_or_fingerprint_is_told_at_once()
    {
        Folding folding = new(_written, TimeSpan.FromMinutes(5), 16, 1_000_000);
        Tell(folding, Start, "a", "fp");
        Tell(folding, Start, "b", "fp2");
        Tell(folding, Start, "c", "fp", destination: 9);
        Tell(folding, Start, "d", "fp", port: 9);
        Tell(folding, Start, "e", "fp", kind: CaptureKind.TcpSynAck);
        Tell(folding, Start, "f", "");
        Tell(folding, Start, "g", "");
        _written.Lines.Count.ShouldBe(7);
    }

    [Fact]
    public void A_full_table_tells_and_forgets_what_was_unseen_for_longest_and_never_loses_a_count()
    {
        Folding folding = new(_written, TimeSpan.FromDays(1), 16, 1_000_000);
        const int Sightings = 5000;
        Random random = new(1);
        for (int i = 0; i < Sightings; i++)
        {
            Tell(folding, Start + i, "x", $"fp{random.Next(40)}");
        }

        folding.Finish();
        folding.Evicted.ShouldBeGreaterThan(0);
        _written.Lines.Sum(line => line.Split("\"count\":") is [_, { } rest] ? int.Parse(rest.Split(',')[0]) : 1).ShouldBe(Sightings);
    }

    [Fact]
    public void Repetitions_that_wait_are_bounded_in_bytes()
    {
        Folding folding = new(_written, TimeSpan.FromDays(1), 1000, maxBytes: 200);
        for (int i = 0; i < 100; i++)
        {
            Tell(folding, Start, new string('x', 50), $"fp{i}");
            Tell(folding, Start, new string('x', 50), $"fp{i}");
        }

        _written.Lines.Count.ShouldBeGreaterThan(190);
    }

    [Fact]
    public void Batches_are_what_the_kernel_reads_and_keep_their_kind()
    {
        ListSink sink = new();
        BatchOutput output = new(sink, TimeProvider.System, "node-1");
        Sighting at = At(Start, 7, 443);
        for (int i = 0; i < 1300; i++)
        {
            output.Write(new(CaptureKind.TcpSyn, at, "192.0.2.1"u8, "\"source.ip\":\"192.0.2.1\""u8, default));
        }

        output.Write(new(CaptureKind.FlowEnd, at, "192.0.2.1"u8, "\"flow.close\":\"idle\""u8, default));
        output.Finish();

        output.Told.ShouldBe(1301);
        sink.Batches.Sum(batch => batch.Count).ShouldBe(1301);
        foreach (ObservationBatch batch in sink.Batches)
        {
            CloudEvents.TryReadBatch(batch.Json, out IReadOnlyList<Observation> read).ShouldBeTrue();
            read.Count.ShouldBe(batch.Count);
            read.ShouldAllBe(each => each.Kind == batch.Kind && each.Sensor == "node-1" && each.Subject.Text == "ip:192.0.2.1" && each.Time == DateTimeOffset.Parse("2026-11-21T12:00:00Z"));
            read[0].Id.ShouldBe(batch.First);
            read[^1].Id.ShouldBe(batch.Last);
        }
    }

    [Fact]
    public void What_the_sink_refuses_is_counted()
    {
        BatchOutput output = new(new ListSink { Full = true }, TimeProvider.System, "node-1");
        output.Write(new(CaptureKind.TcpSyn, At(Start, 7, 443), "192.0.2.1"u8, "\"a\":1"u8, default));
        output.Finish();
        (output.Told, output.Dropped).ShouldBe((0, 1));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("q\"b\\s/", "q\"b\\s/")]
    [InlineData("\u001b[2J\u0000\u007f", "\u001b[2J\u0000\u007f")]
    [InlineData("ä☃😀", "ä☃😀")]
    public void Text_from_peers_comes_back_whole_and_is_written_in_ascii_alone(string text, string expected)
    {
        byte[] written = Write(Encoding.UTF8.GetBytes(text), 64);
        written.ShouldAllBe(each => each >= 0x20 && each < 0x7F);
        JsonElement.Parse(written).GetString().ShouldBe(expected);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_read_as_latin1_and_long_ones_are_cut_between_characters()
    {
        JsonElement.Parse(Write([0x61, 0xFF, 0xC3], 64)).GetString().ShouldBe("aÿÃ");
        JsonElement.Parse(Write("aä"u8, 2)).GetString().ShouldBe("a…");
        JsonElement.Parse(Write("aäb"u8, 3)).GetString().ShouldBe("aä…");
        JsonElement.Parse(Write(Encoding.ASCII.GetBytes(new string('x', 5000)), 100)).GetString()!.Length.ShouldBe(101);
    }

    [Fact]
    public void Every_byte_sequence_gives_json_that_can_be_read()
    {
        Random random = new(1);
        byte[] bytes = new byte[40];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            JsonElement.Parse(Write(bytes.AsSpan(0, random.Next(bytes.Length)), random.Next(1, 40))).ValueKind.ShouldBe(JsonValueKind.String);
        }
    }

    [Fact]
    public void The_longest_prefix_names_an_address()
    {
        AddressMap.TryParse(["10.0.0.0/8 wide", "10.1.0.0/16 near # why", "", "10.1.2.3 one", "2001:db8::/32 six"], out AddressMap map, out string? fault).ShouldBeTrue(fault);
        map.Count.ShouldBe(4);
        Name(map, "10.9.9.9").ShouldBe("\"wide\"");
        Name(map, "10.1.9.9").ShouldBe("\"near\"");
        Name(map, "10.1.2.3").ShouldBe("\"one\"");
        Name(map, "2001:db8::1").ShouldBe("\"six\"");
        Name(map, "192.0.2.1").ShouldBeNull();
    }

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("10.0.0.0/33 name")]
    [InlineData("web 10.0.0.1")]
    [InlineData("10.0.0.1 two words")]
    public void A_faulty_line_is_named(string line)
    {
        AddressMap.TryParse(["192.0.2.1 good", line], out AddressMap map, out string? fault).ShouldBeFalse();
        map.IsEmpty.ShouldBeTrue();
        fault.ShouldStartWith("2: ");
    }

    [Fact]
    public void What_this_machine_asks_is_known_by_its_port_and_address()
    {
        PeerAddress.TryParse("192.0.2.10", out PeerAddress own).ShouldBeTrue();
        OwnProbes probes = new(new(61000, 64999), () => [own]);
        Sighting at = new(own.Bits, 61000, 5, 443, Start, 0, 0, 1);
        probes.Owns(at).ShouldBeTrue();
        probes.Owns(at with { SourcePort = 60999 }).ShouldBeFalse();
        probes.Owns(at with { Source = 4 }).ShouldBeFalse();
        probes.Owns(new(5, 443, own.Bits, 64999, Start, 0, 0, 1)).ShouldBeTrue();
    }

    private static string? Name(AddressMap map, string address) =>
        PeerAddress.TryParse(address, out PeerAddress peer) && map.NameOf(peer) is { } name ? Encoding.UTF8.GetString(name) : null;

    private static byte[] Write(ReadOnlySpan<byte> text, int max)
    {
        Utf8JsonBuffer json = new(8);
        HostileText.Write(ref json, text, max);
        return json.ToArray();
    }

    private static void Tell(Folding folding, long time, string attributes, string fingerprint, int destination = 7, ushort port = 443, CaptureKind kind = CaptureKind.TcpSyn)
    {
        byte[] all = Encoding.ASCII.GetBytes(attributes + " " + fingerprint);
        folding.Write(new(kind, At(time, destination, port), "192.0.2.1"u8, all, all.AsSpan(attributes.Length + 1)));
    }

    private static Sighting At(long time, int destination, ushort port) => new(1, 1000, (UInt128)destination, port, time, 0, 0, 1);

    private sealed class Written : IObservationOutput
    {
        public List<string> Lines { get; } = [];

        public void Write(in Observed observed) => Lines.Add(Encoding.ASCII.GetString(observed.Attributes));

        public void Tick(long time)
        {
        }

        public void Finish()
        {
        }
    }

    private sealed class ListSink : IObservationSink
    {
        public List<ObservationBatch> Batches { get; } = [];

        public bool Full { get; init; }

        public bool TryPublish(Observation observation) => false;

        public bool TryPublish(ObservationBatch batch)
        {
            Batches.Add(batch);
            return !Full;
        }
    }
}
