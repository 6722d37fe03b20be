using System.Text;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Kernel;

namespace Whorl.Tests.Decisions;

public sealed class ListTests : IDisposable
{
    private readonly Stored _stored = new();

    [Fact]
    public async Task A_plain_list_with_comments_is_read() => await Reads(
        """
        # a list
        ; as DROP writes it
        203.0.113.9
        198.51.100.0/24 ; SBL1234

        2001:db8::/32 # seen scanning
        """,
        ListFormat.Plain,
        "3: 203.0.113.9",
        "4: 198.51.100.0/24 reason SBL1234",
        "6: 2001:db8::/32 reason seen scanning");

    [Fact]
    public async Task A_table_with_a_header_row_is_read() => await Reads(
        """"
        Value,scope,action,duration,reason,scenario
        203.0.113.9,,ban,4h,"slow, then fast","list ""x"""
        AS64496,asn,captcha,,,
        """",
        ListFormat.Csv,
        "2: 203.0.113.9 Block 04:00:00 reason slow, then fast scenario list \"x\"",
        "3: AS64496 Asn Captcha");

    [Fact]
    public async Task JSON_lines_as_Spamhaus_writes_them_are_read() => await Reads(
        """
        {"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}
        {"cidr":"2.56.192.0/22","sblid":"SBL459831","rir":"ripencc"}
        {"type":"metadata","timestamp":1700000000,"size":1,"records":2}
        """,
        ListFormat.JsonLines,
        "1: 1.10.16.0/20 reason SBL256894",
        "2: 2.56.192.0/22 reason SBL459831");

    [Fact]
    public async Task A_JSON_array_as_CrowdSec_writes_it_is_read() => await Reads(
        """
        [{"id":3,"decisions":[{"duration":"3h59m52s","id":3,"origin":"cscli","scenario":"manual 'ban'","scope":"Ip","type":"ban","value":"192.0.2.4"}]},
         {"duration":"1h","scope":"AS","type":"captcha","value":"64496"},
         "192.0.2.5"]
        """,
        ListFormat.Json,
        "1: 192.0.2.4 Ip Block 03:59:52 scenario manual 'ban'",
        "2: 64496 Asn Captcha 01:00:00",
        "3: 192.0.2.5");

    [Theory]
    [InlineData("value,scope\n1.2.3.4,galaxy\n", "2: there is no scope 'galaxy'")]
    [InlineData("value,action\n1.2.3.4,smite\n", "2: there is no action 'smite'")]
    [InlineData("value,until\n1.2.3.4,tomorrow-ish\n", "2: 'tomorrow-ish' is no time")]
    [InlineData("value,duration\n1.2.3.4,soon\n", "2: 'soon' is no duration like 4h or 7d")]
    [InlineData("value,reason\n1.2.3.4,\"open\n", "2: a quote is not closed")]
    [InlineData("{\"value\":\"1.2.3.4\"}\n{\"value\":\n", "2: the line is no JSON object")]
    [InlineData("{\"note\":\"x\"}\n", "1: there is no value")]
    [InlineData("[\"1.2.3.4\", {]\n", "2: the JSON is broken at line 1; nothing behind it was read")]
    public async Task A_line_that_cannot_be_read_says_where_and_why(string text, string fault) =>
        (await EntriesAsync(text)).Where(entry => entry.Fault is not null).Select(entry => $"{entry.Place}: {entry.Fault}").ShouldHaveSingleItem().ShouldBe(fault);

    [Fact]
    public async Task What_stands_before_broken_JSON_is_read() =>
        (await EntriesAsync("[\"192.0.2.1\",\n\"192.0.2.2\", {]")).Select(Text).ShouldBe(["1: 192.0.2.1", "2: 192.0.2.2", "the JSON is broken at line 2; nothing behind it was read"]);

    [Fact]
    public async Task An_array_far_longer_than_the_buffer_is_read_whole()
    {
        string[] values = [.. Enumerable.Range(0, 20_000).Select(i => $"10.{i / 65_536}.{i / 256 % 256}.{i % 256}")];
        List<ListEntry> entries = await EntriesAsync("\uFEFF[" + string.Join(" , ", values.Select(value => $"{{\"value\":\"{value}\"}}")) + "]");
        entries.Select(entry => entry.Value).SequenceEqual(values).ShouldBeTrue($"{entries.Count} entries, last {entries[^1]}");
    }

    [Fact]
    public async Task A_line_without_end_is_passed_over_and_the_next_one_read()
    {
        List<ListEntry> entries = await EntriesAsync(new string('9', 3_000_000) + "\n192.0.2.1\n");
        entries.Count.ShouldBe(2);
        entries[0].Fault.ShouldNotBeNull();
        (entries[1].Place, entries[1].Value).ShouldBe((2L, "192.0.2.1"));
    }

    [Fact]
    public async Task An_import_applies_the_good_lines_and_reports_the_bad_ones()
    {
        ListImportResult result = await ImportAsync("192.0.2.1\nnonsense\n192.0.2.0/24\n0.0.0.0/0\n192.0.2.1\n");

        (result.Added, result.Unchanged, result.Ended, result.FaultCount).ShouldBe((2, 0, 0, 2));
        result.Faults.Select(fault => fault.Line).ShouldBe([2, 4]);
        (await _stored.Store.LoadAsync(default).Select(decision => (decision.Value, decision.Origin)).ToListAsync()).ShouldBe(
            [("192.0.2.1", "import:test"), ("192.0.2.0/24", "import:test")], ignoreOrder: true);
    }

    [Fact]
    public async Task The_same_list_again_changes_nothing_and_a_shorter_one_can_end_what_is_gone()
    {
        await ImportAsync("192.0.2.1\n192.0.2.2\n");
        List<Decision> before = await _stored.Store.LoadAsync(default).ToListAsync();

        ListImportResult again = await ImportAsync("192.0.2.2\n192.0.2.1\n");
        (again.Added, again.Unchanged).ShouldBe((0, 2));
        (await _stored.Store.LoadAsync(default).ToListAsync()).ShouldBe(before, ignoreOrder: true);

        (await ImportAsync("192.0.2.1\n")).Ended.ShouldBe(0);
        ListImportResult shorter = await ImportAsync("192.0.2.1\n192.0.2.3\n", endMissing: true);
        (shorter.Added, shorter.Unchanged, shorter.Ended).ShouldBe((1, 1, 1));
        (await _stored.Store.LoadAsync(default).Select(decision => decision.Value).ToListAsync()).ShouldBe(["192.0.2.1", "192.0.2.3"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_list_of_another_origin_is_left_alone()
    {
        await _stored.Store.AddAsync([_stored.Make("192.0.2.9", origin: "cli")], default);
        (await ImportAsync("192.0.2.1\n", endMissing: true)).Ended.ShouldBe(0);
        (await _stored.Store.LoadAsync(default).CountAsync()).ShouldBe(2);
    }

    [Theory]
    [InlineData(nameof(ListFormat.Csv))]
    [InlineData(nameof(ListFormat.Json))]
    [InlineData(nameof(ListFormat.JsonLines))]
    public async Task What_is_exported_is_imported_as_it_was(string format)
    {
        Decision[] decisions =
        [
            _stored.Make("192.0.2.1", DecisionAction.Throttle, TimeSpan.FromHours(1)) with { Origin = "import:test", Reason = "a, \"b\"", Scenario = "s" },
            _stored.Make("2001:db8::/32") with { Origin = "import:test", Simulated = true },
            _stored.Make("x") with { Origin = "import:test", Scope = DecisionScope.Country, Value = "NL" },
        ];
        await _stored.Store.AddAsync(decisions, default);
        using MemoryStream list = new();
        (await ListExport.WriteAsync(_stored.Store.LoadAsync(default), Enum.Parse<ListFormat>(format), list, default)).ShouldBe(3);

        ListImportResult result = await ImportAsync(Encoding.UTF8.GetString(list.ToArray()));

        (result.Added, result.Unchanged, result.FaultCount).ShouldBe((0, 3, 0));
    }

    [Fact]
    public async Task A_plain_export_has_addresses_alone()
    {
        using MemoryStream list = new();
        await _stored.Store.AddAsync([_stored.Make("192.0.2.1"), _stored.Make("x") with { Scope = DecisionScope.Country, Value = "NL" }], default);
        await ListExport.WriteAsync(_stored.Store.LoadAsync(default), ListFormat.Plain, list, default);
        Encoding.UTF8.GetString(list.ToArray()).ShouldBe("192.0.2.1\n");
    }

    public void Dispose() => _stored.Dispose();

    private Task<ListImportResult> ImportAsync(string text, bool endMissing = false) => new ListImport(_stored.Store, _stored.Clock).RunAsync(
        new MemoryStream(Encoding.UTF8.GetBytes(text)), new("import:test") { Scenario = "manual", EndMissing = endMissing }, _stored.Store.ChangeAsync, default);

    private static async Task<List<ListEntry>> EntriesAsync(string text, ListFormat format = ListFormat.Auto) =>
        await ListReader.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), format, default).ToListAsync();

    private static async Task Reads(string text, ListFormat format, params string[] expected)
    {
        ListReader.Detect(text).ShouldBe(format);
        (await EntriesAsync(text)).Select(Text).ShouldBe(expected);
        (await EntriesAsync(text, format)).Select(Text).ShouldBe(expected);
    }

    private static string Text(ListEntry entry)
    {
        string text = $"{entry.Place}: {entry.Value} {entry.Scope} {entry.Action} {entry.Term}";
        text = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        text += entry.Reason is { } reason ? $" reason {reason}" : "";
        text += entry.Scenario is { } scenario ? $" scenario {scenario}" : "";
        return entry.Fault ?? text;
    }
}
