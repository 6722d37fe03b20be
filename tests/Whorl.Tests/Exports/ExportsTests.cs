using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Delivery.Exports;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Exports;

public sealed class ExportsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    private string Json => Path.Combine(_folder.Path, "out", "observations.jsonl");

    private string Syslog => Path.Combine(_folder.Path, "observations.log");

    [Fact]
    public async Task What_a_message_holds_is_in_both_files_when_it_is_acknowledged()
    {
        Observation seen = Made("tls.client_hello", """{"source.ip":"203.0.113.9","tls.sni":"a\"b]c\\d\ne","flow.packets":3,"nested":{"x":[1]}}""");
        using (ExportsWorker worker = Worker(new() { JsonFile = Json, SyslogFile = Syslog }))
        {
            await worker.WriteAsync(Message(seen, seen), CancellationToken.None);

            string[] lines = File.ReadAllLines(Json);
            lines.Length.ShouldBe(2);
            CloudEvents.TryRead(Encoding.UTF8.GetBytes(lines[0]), out Observation? read).ShouldBeTrue();
            read!.Id.ShouldBe(seen.Id);
            JsonElement.DeepEquals(read.Attributes, seen.Attributes).ShouldBeTrue();
        }

        SyslogMessage syslog = SyslogMessage.Read(Encoding.UTF8.GetBytes(File.ReadAllLines(Syslog)[0]));
        (syslog.Facility, syslog.Severity, syslog.Time).ShouldBe((16, 6, seen.Time));
        (syslog.Host, syslog.App, syslog.Process, syslog.Kind).ShouldBe(("node-1", "whorl", $"{Environment.ProcessId}", "tls.client_hello"));
        syslog.Text.ShouldBe("tls.client_hello ip:203.0.113.9");
        (string id, List<(string Name, string Value)> parameters) = syslog.Elements.ShouldHaveSingleItem();
        id.ShouldBe("whorl@32473");
        Dictionary<string, string> values = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        values["id"].ShouldBe(seen.Id.ToString());
        values["subject"].ShouldBe("ip:203.0.113.9");
        values["tls.sni"].ShouldBe("a\"b]c\\d\\u000ae");
        values["flow.packets"].ShouldBe("3");
        values["nested"].ShouldBe("""{"x":[1]}""");
    }

    [Fact]
    public void Whatever_a_peer_sent_a_syslog_line_is_one_bounded_line_that_can_be_parsed()
    {
        Random random = new(1);
        for (int i = 0; i < 500; i++)
        {
            Dictionary<string, string> attributes = [];
            for (int j = random.Next(30); j >= 0; j--)
            {
                attributes[$"a.{j}"] = string.Concat(Enumerable.Range(0, random.Next(i)).Select(_ => (char)random.Next(1, random.Next(2) == 0 ? 128 : 0xD7FF)));
            }

            ArrayBufferWriter<byte> written = new();
            new SyslogLine("whorl@32473", 16, 1).Write(written, Made("x.y", JsonSerializer.Serialize(attributes)));

            written.WrittenCount.ShouldBeLessThanOrEqualTo(SyslogLine.MaxLength);
            written.WrittenSpan.IndexOf((byte)'\n').ShouldBe(written.WrittenCount - 1);
            SyslogMessage read = SyslogMessage.Read(written.WrittenSpan[..^1]);
            foreach ((string name, string value) in read.Elements.ShouldHaveSingleItem().Parameters.Where(parameter => attributes.ContainsKey(parameter.Name)))
            {
                string whole = Told(attributes[name]);
                whole.ShouldStartWith(value, Case.Sensitive);
                (value.Length == whole.Length || Encoding.UTF8.GetByteCount(attributes[name]) > SyslogLine.MaxValue).ShouldBeTrue($"{value.Length} of {whole.Length}");
            }
        }
    }

    [Theory]
    [InlineData("say \"hi\"")]
    [InlineData("C:\\dir\\")]
    [InlineData("[x] \\] ]")]
    [InlineData("\0\u0001\u001b[31m\t\r\n\u007f\u0085\u2028")]
    [InlineData("\\\"]\"] injected=\"yes")]
    [InlineData("Grüße 世界 🐳")]
    [InlineData("")]
    public void A_value_is_read_back_as_it_was_with_control_characters_spelled_out(string value)
    {
        ArrayBufferWriter<byte> written = new();
        new SyslogLine("whorl@32473", 16, 1).Write(written, Made("x.y", JsonSerializer.Serialize(new Dictionary<string, string> { ["a"] = value, ["b"] = "next" })));

        SyslogMessage read = SyslogMessage.Read(written.WrittenSpan[..^1]);

        (string, string)[] told = [.. read.Elements.ShouldHaveSingleItem().Parameters.Skip(2)];
        told.ShouldBe([("a", Told(value)), ("b", "next")]);
    }

    [Theory]
    [InlineData("<134>1 2026-11-21T12:00:00Z h a p m [i@1 n=\"a]b\"] x")]
    [InlineData("<134>1 2026-11-21T12:00:00Z h a p m [i@1 n=\"a\\nb\"] x")]
    [InlineData("<134>1 2026-11-21T12:00:00Z h a p m [i@1 n=\"a\"b\"] x")]
    [InlineData("<134>1 2026-11-21T12:00:00Z h a p m [i@1 n=\"a\nb\"] x")]
    [InlineData("<134>1 2026-11-21T12:00:00Z h a p m [i@1 n=\"a\"]x")]
    [InlineData("<134>1 2026-11-21T12:00:00Z h a p m [i@1][i@1] x")]
    [InlineData("<134>1 2026-11-21 12:00:00Z h a p m - x")]
    [InlineData("<134>1 2026-11-21T12:00:00.1234567Z h a p m - x")]
    [InlineData("<192>1 - h a p m - x")]
    [InlineData("<034>1 - h a p m - x")]
    [InlineData("<134>2 - h a p m - x")]
    [InlineData("<134>1 - h a p m  x")]
    public void The_reader_of_these_tests_forgives_nothing(string line) =>
        Should.Throw<FormatException>(() => SyslogMessage.Read(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public async Task Only_wanted_kinds_are_written_and_a_broken_message_is_a_dead_letter()
    {
        using ExportsWorker worker = Worker(new() { JsonFile = Json, Kinds = ["tls.*", "icmp.#"] });
        await worker.WriteAsync(Message(Made("tls.session", "{}"), Made("tcp.syn", "{}"), Made("icmp.echo_request", "{}")), CancellationToken.None);

        File.ReadAllLines(Json).Length.ShouldBe(2);
        await Should.ThrowAsync<PoisonMessageException>(() => worker.WriteAsync(new("observation.x", "nonsense"u8.ToArray(), ""), CancellationToken.None));
    }

    [Fact]
    public void A_half_line_from_a_crash_is_cut_off()
    {
        File.WriteAllText(Syslog, "whole\nwhole too\nhal");
        using (RotatingFile file = Rotating(1000))
        {
            file.Append("next\n"u8);
        }

        File.ReadAllText(Syslog).ShouldBe("whole\nwhole too\nnext\n");
        File.WriteAllText(Syslog, new string('x', 200_000));
        using RotatingFile again = Rotating(1_000_000);
        again.Append("first\n"u8);
        File.ReadAllText(Syslog).ShouldBe("first\n");
    }

    [Fact]
    public void A_file_is_put_aside_when_it_is_large_or_old_and_only_so_many_are_kept()
    {
        File.WriteAllText(Syslog + ".20200101T000000Z.bak", "not ours");
        using RotatingFile file = Rotating(20);
        for (int i = 0; i < 6; i++)
        {
            file.Append(Encoding.ASCII.GetBytes($"line number {i}\n"));
        }

        string[] aside = [.. Directory.GetFiles(_folder.Path, "observations.log.2*").Where(name => !name.EndsWith("bak", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        aside.Select(File.ReadAllText).ShouldBe(["line number 3\n", "line number 4\n"]);
        File.ReadAllText(Syslog).ShouldBe("line number 5\n");
        File.Exists(Syslog + ".20200101T000000Z.bak").ShouldBeTrue();

        _clock.Advance(TimeSpan.FromHours(25));
        file.Append("later\n"u8);
        File.ReadAllText(Syslog).ShouldBe("later\n");
    }

    [Fact]
    public void A_file_that_somebody_else_took_away_is_begun_again()
    {
        using RotatingFile file = Rotating(1000);
        file.Append("one\n"u8);
        File.Move(Syslog, Syslog + "-taken");
        file.Append("two\n"u8);

        File.ReadAllText(Syslog).ShouldBe("two\n");
        File.ReadAllText(Syslog + "-taken").ShouldBe("one\n");
    }

    public void Dispose() => _folder.Dispose();

    private RotatingFile Rotating(long maxBytes) => new(Syslog, maxBytes, TimeSpan.FromHours(24), 2, _clock, NullLogger.Instance);

    private ExportsWorker Worker(ExportsOptions options) => new(Options.Create(options), null!, _clock, NullLogger<ExportsWorker>.Instance);

    private static Observation Made(string kind, string attributes) =>
        new(ObservationId.New(TimeProvider.System), kind, DateTimeOffset.Parse("2026-11-21T12:00:00.5Z"), "node-1", new("ip:203.0.113.9"), JsonElement.Parse(attributes));

    private static BusMessage Message(params IEnumerable<Observation> observations) =>
        new("observation.x", Encoding.UTF8.GetBytes("[\n" + string.Join(",\n", observations.Select(each => Encoding.UTF8.GetString(CloudEvents.Write(each)))) + "\n]"), CloudEvents.BatchContentType);

    // What the writer makes of control characters, which no line may hold: a backslash, u and their number.
    private static string Told(string value) =>
        string.Concat(value.EnumerateRunes().Select(rune => Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? $"\\u{rune.Value:x4}" : rune.ToString()));
}
