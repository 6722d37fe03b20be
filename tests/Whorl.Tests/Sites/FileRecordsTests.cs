using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

public sealed class FileRecordsTests : SiteRecordsContract
{
    private readonly TempFolder _folder = new();

    private string JobFile => _folder.File("jobs.json");

    private string ResultFile => _folder.File("results", "results.json");

    [Fact]
    public void Jobs_are_read_from_a_list_of_addresses_or_objects()
    {
        File.WriteAllText(JobFile, """
            // people write these
            ["https://A.example", "b.example/path", {"url": "hxxps://c[.]example:8443/#top", "origin": "abuse list"}, {"domain": "bücher.example"},]
            """);
        List<string> faults = [];
        new JobFile(JobFile).Read(faults).ShouldBe(
            [new("https://a.example/", "file"), new("http://b.example/path", "file"), new("https://c.example:8443/", "abuse list"), new("http://xn--bcher-kva.example/", "file")]);
        faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("[\"a.example\", \"ftp://b.example\", {}]", "job 2: 'ftp://b.example' is no address of a site;job 3: it has no url")]
    [InlineData("{}", "it holds no array of jobs")]
    [InlineData("[", "it is no JSON")]
    public void What_is_wrong_with_a_file_is_said(string text, string expected)
    {
        File.WriteAllText(JobFile, text);
        List<string> faults = [];
        new JobFile(JobFile).Read(faults);
        string.Join(';', faults).ShouldStartWith(expected);
    }

    [Fact]
    public async Task Scans_of_before_stay_and_new_ones_are_in_order_whoever_came_first()
    {
        await Task.WhenAll(new[] { 'c', 'a', 'b' }.Select(n => Results.WriteAsync(Scan($"01kjmma2g0fxyrwy7743q69w0{n}", $"http://{n}.example/"), default)));
        FileRecords again = new(null, ResultFile, Features, Clock);
        await again.WriteAsync(Scan("01kjmma2g0fxyrwy7743q69w01", "http://b.example/"), default);

        new ResultFile(ResultFile).All().Select(scan => (scan.Site, scan.Id[^1])).ShouldBe([("a.example", 'a'), ("b.example", '1'), ("b.example", 'b'), ("c.example", 'c')]);
        Directory.GetFiles(_folder.File("results")).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_file_that_holds_something_else_is_not_overwritten()
    {
        File.WriteAllText(_folder.File("other.json"), "{\"precious\": true}");
        Should.Throw<StoreException>(() => new FileRecords(null, _folder.File("other.json"), Features, Clock));
        File.ReadAllText(_folder.File("other.json")).ShouldBe("{\"precious\": true}");
    }

    [Fact]
    public async Task What_is_added_is_in_the_file_for_the_next_start()
    {
        await Jobs.AddAsync([new("http://b.example/", "cli"), new("http://a.example/", "cli")], default);
        (await new FileRecords(JobFile, null, Features, Clock).JobsAsync(new(), default)).Select(job => (job.Url, job.Origin)).Order().ShouldBe([("http://a.example/", "cli"), ("http://b.example/", "cli")]);
    }

    [Fact]
    public async Task What_a_killed_process_had_done_and_had_in_work_is_known_to_the_next_one()
    {
        await Jobs.AddAsync([.. "abcd".Select(n => new NewJob($"http://{n}.example/", "cli"))], default);
        LeasedJob[] leased = [.. await Jobs.ClaimAsync("one", 3, Lease, default)];
        await Jobs.SucceedAsync(leased[0].Run, Scan(leased[0].Run, leased[0].Job.Url), new(Lease * 9, Lease), default);
        await Jobs.FailAsync(leased[1].Run, "no", new(null, Lease), default);
        IReadOnlyList<SiteJob> before = await Jobs.JobsAsync(new(), default);

        // Killed: nothing is disposed, the results were not written any more, and of the last line a part is there.
        File.Delete(ResultFile);
        await File.AppendAllTextAsync(JobFile + ".journal", "{\"job\":{\"id\":");
        using FileRecords next = new(JobFile, ResultFile, Features, Clock);

        (await next.JobsAsync(new(), default)).ShouldBe(before);
        (await next.TransitionsAsync(leased[1].Job.Id, 9, default)).ShouldBe(await Jobs.TransitionsAsync(leased[1].Job.Id, 9, default));
        new ResultFile(ResultFile).All().ShouldHaveSingleItem().Id.ShouldBe(leased[0].Run);
        (await next.UntoldAsync(TimeSpan.Zero, 9, default)).ShouldHaveSingleItem().Id.ShouldBe(leased[0].Run);
        (await next.SucceedAsync(leased[0].Run, null, new(Lease, Lease), default)).ShouldBeFalse();
        (await next.ClaimAsync("two", 9, Lease, default)).ShouldHaveSingleItem().Job.Runs.ShouldBe(1, "the one that nobody had");

        await AdvanceAsync(Lease);
        using FileRecords third = new(JobFile, ResultFile, Features, Clock);
        (await third.ClaimAsync("three", 9, Lease, default)).Count.ShouldBe(2);
        (await third.RunsAsync(leased[2].Job.Id, 9, default)).Select(run => (run.Worker, run.State)).ShouldBe([("three", RunState.Leased), ("one", RunState.Abandoned)]);
    }

    [Fact]
    public async Task After_an_orderly_end_a_restart_begins_anew()
    {
        await Jobs.AddAsync([new("http://a.example/", "cli")], default);
        await Jobs.ClaimAsync("one", 1, Lease, default);
        ((FileRecords)Jobs).Dispose();
        File.Exists(JobFile + ".journal").ShouldBeFalse();
        using FileRecords next = new(JobFile, null, Features, Clock);
        (await next.JobsAsync(new(), default)).ShouldHaveSingleItem().State.ShouldBe(JobState.Queued);
    }

    [Fact]
    public void A_journal_that_is_none_is_said_and_left_alone()
    {
        File.WriteAllText(JobFile + ".journal", "precious\n");
        Should.Throw<StoreException>(() => new FileRecords(JobFile, null, Features, Clock)).Message.ShouldContain("line 1");
        File.ReadAllText(JobFile + ".journal").ShouldBe("precious\n");
    }

    internal override ValueTask<(IJobSource Jobs, IResultSink Results)> OpenAsync()
    {
        File.WriteAllText(JobFile, "[]");
        FileRecords records = new(JobFile, ResultFile, Features, Clock);
        return new((records, records));
    }

    protected override ValueTask CloseAsync()
    {
        _folder.Dispose();
        return default;
    }
}
