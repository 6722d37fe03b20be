using System.Text.Json;
using Whorl.Delivery.Cli;
using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Inputs;
using Whorl.Sources.Capture.Observing;
using Whorl.Tests.Capture.Flows;
using Whorl.Tests.Support;

namespace Whorl.Tests.Capture.Observing;

/// <summary>The verb, from files to what stands on standard output.</summary>
public sealed class CaptureCommandTests
{
    // Engine events are compared with what other programs found in CaptureSuiteTests; here that nothing of them is lost or changed on the way out.
    [Fact]
    public void Every_capture_gives_in_json_what_the_engine_told()
    {
        string folder = Repository.RequireShared("fingerprints");
        List<string> wrong = [];
        int lines = 0;
        foreach (string path in Directory.EnumerateFiles(folder, "*.pcap*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string[] told = [.. Told(path).Order(StringComparer.Ordinal)];
            (int code, string data, string talk) = CaptureOutput.Run("-r", path, "--json", "--ja4-all");
            code.ShouldBeOneOf(ExitCode.Done, ExitCode.PartlyDone);
            string[] written = [.. CaptureOutput.Objects(data).SelectMany(CaptureOutput.Lines).Order(StringComparer.Ordinal)];
            lines += written.Length;
            wrong.AddRange(told.Except(written).Select(line => $"missing {Path.GetFileName(path)}: {line}"));
            wrong.AddRange(written.Except(told).Select(line => $"too much {Path.GetFileName(path)}: {line}"));
            if (told.Length != written.Length)
            {
                wrong.Add($"{Path.GetFileName(path)}: {told.Length} told, {written.Length} written {talk}");
            }
        }

        wrong.ShouldBeEmpty(string.Join('\n', wrong.Take(20)));
        lines.ShouldBeGreaterThan(4000);
    }

    [Fact]
    public void Certificates_are_described_as_expected()
    {
        string listing = Repository.RequireShared("fingerprints", "expected.jsonl");
        Dictionary<string, JsonElement> expected = [];
        foreach (string line in File.ReadLines(listing).Where(line => line.Contains("\"x509\"", StringComparison.Ordinal)))
        {
            JsonElement record = JsonElement.Parse(line);
            expected[record.GetProperty("sha256").GetString()!] = record;
        }

        IEnumerable<string> files = expected.Values.Select(record => record.GetProperty("file").GetString()!).Distinct();
        int compared = 0;
        foreach (JsonElement seen in files.SelectMany(file => CaptureOutput.Objects(CaptureOutput.Run("-r", Repository.RequireShared("fingerprints", file), "--json").Data)).Where(each => Text(each, "kind") == "tls.certificate").DistinctBy(each => Text(each, "certificate.sha256")))
        {
            if (!expected.TryGetValue(Text(seen, "certificate.sha256"), out JsonElement record))
            {
                continue;
            }

            string what = seen.GetRawText() + record.GetRawText();
            Text(seen, "certificate.fault").ShouldBe("", what);
            Text(seen, "certificate.spki_sha256").ShouldBe(Text(record, "spki_sha256") is { Length: > 0 } key ? key : Text(seen, "certificate.spki_sha256"), what);
            Text(seen, "certificate.serial").TrimStart('0').ShouldBe(Text(record, "serial").TrimStart('0'), what);
            DateTimeOffset.Parse(Text(seen, "certificate.not_after")).ShouldBe(DateTimeOffset.Parse(Text(record, "not_after")), what);
            compared++;
        }

        compared.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void A_cut_file_shows_what_was_readable_and_says_where_it_broke()
    {
        using TempFolder folder = new();
        string whole = Repository.RequireShared("fingerprints", "pcap", "arkime--80211http.pcap"), cut = Path.Combine(folder.Path, "cut.pcap");
        byte[] bytes = File.ReadAllBytes(whole);
        File.WriteAllBytes(cut, bytes[..(bytes.Length / 2)]);

        (int code, string data, string talk) = CaptureOutput.Run("-r", cut, "--json");

        code.ShouldBe(ExitCode.PartlyDone);
        CaptureOutput.Objects(data).ShouldContain(each => Text(each, "kind") == "tcp.syn");
        talk.ShouldMatch("error: .*cut.pcap: .* at offset [0-9]+\nhint: .");
    }

    [Fact]
    public void Files_that_give_nothing_fail_and_among_others_make_it_partly_done()
    {
        string good = Repository.RequireShared("fingerprints", "pcap", "arkime--80211http.pcap");
        CaptureOutput.Run("-r", "/nowhere.pcap").Code.ShouldBe(ExitCode.Failed);
        CaptureOutput.Run("-r", typeof(CaptureCommandTests).Assembly.Location).Code.ShouldBe(ExitCode.Failed);
        CaptureOutput.Run("-r", good, "/nowhere.pcap").Code.ShouldBe(ExitCode.PartlyDone);
        CaptureOutput.Run("-r", good, "--filter", "no.such.field: x").Code.ShouldBe(ExitCode.WrongUsage);
        CaptureOutput.Run("-r", good, "--map", "/nowhere.map").Code.ShouldBe(ExitCode.WrongUsage);
    }

    [Fact]
    public void A_map_names_destinations_and_leaves_the_rest_out()
    {
        using TempFolder folder = new();
        string good = Repository.RequireShared("fingerprints", "pcap", "arkime--80211http.pcap"), map = Path.Combine(folder.Path, "map");
        File.WriteAllText(map, "# decoys\n14.17.32.0/24 web\n14.17.32.211 shop\n");
        CaptureOutput.Objects(CaptureOutput.Run("-r", good, "--json", "--map", map).Data).ShouldAllBe(each => Text(each, "decoy") == "shop");
        File.WriteAllText(map, "192.0.2.1 other");
        CaptureOutput.Run("-r", good, "--json", "--map", map).Data.ShouldBe("");
    }

    [Fact]
    public void A_filter_is_the_one_of_the_console()
    {
        string good = Repository.RequireShared("fingerprints", "pcap", "arkime--80211http.pcap");
        (_, string data, _) = CaptureOutput.Run("-r", good, "--filter", "kind: http.request and http.method: POST and source.ip: 172.5.0.0/16");
        string[] lines = data.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(2);
        lines.ShouldAllBe(line => line.Contains("\thttp.request\t172.5.5.113:49417\t14.17.32.211:80\tPOST\tqq.com\t/post.php\t", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Told(string path)
    {
        P0fSignatures? signatures = SignatureFile.Load(null);
        ToldEvents events = new(signatures);
        FlowEngine engine = new(new FlowLimits(), signatures, events);
        using CaptureFile file = CaptureFile.Open(path);
        while (file.TryRead(out CapturedFrame frame) == FrameRead.Frame)
        {
            engine.Take(frame);
        }

        engine.Finish();

        // Links have lines of their own there, and requests stand as targets; both are attributes of other lines here.
        return events.Lines.Where(line => !line.Contains(" mtu ", StringComparison.Ordinal) && !line.StartsWith("http ", StringComparison.Ordinal) && !line.StartsWith("kex ", StringComparison.Ordinal));
    }

    private static string Text(JsonElement it, string name) => it.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "";

    private static long Number(JsonElement it, string name) => it.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;
}
