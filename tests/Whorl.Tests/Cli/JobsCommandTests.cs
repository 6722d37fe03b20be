using System.CommandLine;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.Cli;
using Whorl.Delivery.Cli.Sites;
using Whorl.Hosting;
using Whorl.Hosting.Configuration;
using Whorl.Sources.Sites.Jobs;
using Whorl.Tests.Support;

namespace Whorl.Tests.Cli;

public sealed class JobsCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();
    private string _input = "";

    [Fact]
    public async Task Addresses_from_everywhere_are_added_once()
    {
        string csv = _folder.File("reported.csv");
        await File.WriteAllTextAsync(csv, "\uFEFFwhen,\"URL\",by\n2026-03-01,\"https://c.example/a,b\",x\n# a remark\n2026-03-02,http://a.example/,\"y\"\n2026-03-03,no address here,z\n");
        _input = "b.example\nhxxp://d[.]example/\n\n";

        (int code, string data, string talk) = await RunAsync("jobs", "add", "http://a.example/#top", "-", "--file", csv, "--origin", "hotline", "--json");

        code.ShouldBe(ExitCode.PartlyDone);
        data.ShouldBe("""{"added":4,"known":0,"faults":["line 5: \u00272026-03-03,no address here,z\u0027: no address of a site"]}""" + "\n");
        talk.ShouldContain("4 added, 0 known already, 1 passed over");
        (await RunAsync("jobs", "add", "a.example")).Talk.ShouldContain("0 added, 1 known already");

        (_, string list, string counts) = await RunAsync("jobs", "list", "--json");
        JsonElement.Parse(list).EnumerateArray().Select(job => (job.GetProperty("url").GetString(), job.GetProperty("state").GetString(), job.GetProperty("origin").GetString())).Order().ShouldBe(
            [("http://a.example/", "queued", "hotline"), ("http://b.example/", "queued", "hotline"), ("http://d.example/", "queued", "hotline"), ("https://c.example/a,b", "queued", "hotline")]);
        counts.ShouldContain("4 shown of 4 jobs; 4 due");
    }

    [Theory]
    [InlineData(ExitCode.WrongUsage, "add")]
    [InlineData(ExitCode.Failed, "add", "ftp://a.example")]
    [InlineData(ExitCode.Failed, "add", "--file", "/nowhere/list.txt")]
    [InlineData(ExitCode.WrongUsage, "list", "--state", "eaten")]
    [InlineData(ExitCode.WrongUsage, "show", "two words")]
    [InlineData(ExitCode.Failed, "show", "nobody.example")]
    public async Task What_cannot_be_done_is_said_with_its_code(int code, params string[] arguments)
    {
        (int got, _, string talk) = await RunAsync(["jobs", .. arguments]);
        got.ShouldBe(code);
        talk.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task What_was_given_up_is_shown_and_brought_back()
    {
        await RunAsync("jobs", "add", "http://a.example/");
        await using (WebApplication host = Open())
        {
            IJobSource jobs = host.Services.GetRequiredService<IJobSource>();
            LeasedJob leased = (await jobs.ClaimAsync("worker\u001b[2J", 1, TimeSpan.FromMinutes(1), default)).ShouldHaveSingleItem();
            await jobs.FailAsync(leased.Run, "no\nway", new(null, TimeSpan.FromHours(2)), default);
        }

        await RunAsync("jobs", "add", "http://b.example/");
        (int code, string data, string talk) = await RunAsync("jobs", "show", "a.example");
        code.ShouldBe(ExitCode.Done);
        data.Split('\t')[1].ShouldBe("failed");
        data.ShouldContain("worker\\u001b[2J\tno\\u000away");
        talk.ShouldContain("http://a.example/: failed, due never, 1 runs, 1 failures in a row");
        JsonElement story = JsonElement.Parse((await RunAsync("jobs", "show", "http://a.example/", "--json")).Data)[0];
        story.GetProperty("transitions").EnumerateArray().Select(step => step.GetProperty("to").GetString()).ShouldBe(["failed", "leased"]);
        (await RunAsync("jobs", "list", "--state", "failed")).Data.ShouldStartWith("http://a.example/\tfailed\tnever\t1\t1\tcli\t");

        (await RunAsync("jobs", "retry", "--json")).Data.ShouldBe("{\"retried\":1}\n");
        (await RunAsync("jobs", "retry")).Talk.ShouldContain("0 more jobs are due now");
        (await RunAsync("jobs", "retry", "--site", "b.example", "--all")).Talk.ShouldContain("0 more jobs are due now");
        await RunAsync(["jobs", "add", .. Enumerable.Range(0, 1500).Select(n => $"http://many{n}.example/")]);
        await using (WebApplication host = Open())
        {
            IJobSource jobs = host.Services.GetRequiredService<IJobSource>();
            IReadOnlyList<LeasedJob> leased = await jobs.ClaimAsync("worker", 2000, TimeSpan.FromMinutes(1), default);
            await Task.WhenAll(leased.Select(each => jobs.FailAsync(each.Run, "no", new(null, TimeSpan.FromHours(2)), default)));
        }

        (await RunAsync("jobs", "retry")).Talk.ShouldContain("1502 more jobs are due now");
        (await RunAsync("jobs", "list", "--state", "failed")).Data.ShouldBe("");
    }

    public void Dispose() => _folder.Dispose();

    private WebApplication Open()
    {
        WebApplicationBuilder builder = WhorlHost.CreateBuilder(RoleTable.Select(["sites"]), WhorlConfiguration.Read(null, [new("Node:Data", _folder.File("data"))], _ => null));
        builder.Services.AddSingleton<TimeProvider>(_clock);
        return builder.Build();
    }

    private async Task<(int Code, string Data, string Talk)> RunAsync(params string[] arguments)
    {
        using StringWriter data = new() { NewLine = "\n" };
        using StringWriter talk = new() { NewLine = "\n" };
        RootCommand root = new() { JobsCommand.Create(new(_ => Open()), new(data, talk, terminal: false), () => new MemoryStream(Encoding.UTF8.GetBytes(_input)), _clock) };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            return (ExitCode.WrongUsage, "", string.Join('\n', parsed.Errors.Select(error => error.Message)));
        }

        int code = await parsed.InvokeAsync();
        return (code, data.ToString(), talk.ToString());
    }
}
