using System.CommandLine;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Whorl.Delivery.Cli;
using Whorl.Delivery.Cli.Sites;
using Whorl.Hosting;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Fetching;

public sealed class SiteCommandTests : IDisposable
{
    private readonly StringWriter _data = new() { NewLine = "\n" };
    private readonly StringWriter _talk = new() { NewLine = "\n" };
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _data.Dispose();
        _talk.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_schema_of_a_scan_is_current() => Accepted.ShouldBe("docs/reference/site-scan.schema.json", ScanSchema.Text);

    [Fact]
    public async Task Json_is_one_whole_scan_a_line_and_as_its_schema_says()
    {
        await using FakeSite site = new();
        site.Page("/", "<title>x\u202e</title>", "Content-Type: text/html\r\nX-Evil: \u001b[2J\r\n").Redirect("/away", "http://169.254.169.254/");

        (await RunAsync($"# a list\n{site.Url}/away\n\n", site.Url, "-", "--json", "--allow", "127.0.0.1", "--no-jarm")).ShouldBe(ExitCode.PartlyDone);

        string[] lines = _data.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(2);
        lines.SelectMany(ScanSchema.Faults).ShouldBeEmpty();
        lines.ShouldAllBe(line => line.All(c => c >= ' ' && c <= '~'));
        lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("class").GetString()).ShouldBe(["http_content", "unreachable"], ignoreOrder: true);
        _talk.ToString().ShouldContain("/away: blocked: 169.254.169.254: it is a link-local address");
        _talk.ToString().ShouldContain("hint: If it is yours to visit, --allow");
    }

    [Fact]
    public async Task A_person_is_told_the_verdict_first_and_nothing_of_the_site_unescaped()
    {
        await using FakeSite site = new();
        site.Page("/", "<title>x</title>", "Content-Type: text/html\u001b[2J\r\nServer: nginx\r\nSet-Cookie: PHPSESSID=1\r\n");

        (await RunAsync("", site.Url, "--allow", "127.0.0.1", "--no-jarm")).ShouldBe(ExitCode.Done);

        string text = _data.ToString();
        text.ShouldStartWith($"{site.Url}/  content\n");
        text.ShouldContain("server        nginx, php\n");
        text.ShouldContain("\\u001b[2J");
        text.ShouldNotContain("\u001b");
        text.ShouldContain("address       127.0.0.1\n");
        _talk.ToString().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(ExitCode.Failed, "http://127.0.0.1:1/")]
    [InlineData(ExitCode.Failed, "ftp://example.com/")]
    [InlineData(ExitCode.WrongUsage, "http://127.0.0.1/", "--allow", "everything")]
    [InlineData(ExitCode.WrongUsage, "http://127.0.0.1/", "--concurrency", "0")]
    [InlineData(ExitCode.WrongUsage)]
    public async Task What_cannot_be_done_is_told_by_the_exit_code(int code, params string[] arguments) => (await RunAsync("", arguments)).ShouldBe(code);

    private async Task<int> RunAsync(string input, params string[] arguments)
    {
        LocalNode node = new(_ =>
        {
            WebApplicationBuilder builder = WhorlHost.CreateBuilder(RoleTable.All, new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Node:Data"] = _folder.Path }).Build());
            return builder.Build();
        });
        Command command = SiteCommand.Create(node, new Output(_data, _talk, terminal: false), () => new MemoryStream(Encoding.UTF8.GetBytes(input)), TimeProvider.System);
        ParseResult parsed = command.Parse(arguments);
        int code = await parsed.InvokeAsync(new() { Output = TextWriter.Null, Error = TextWriter.Null }, TestContext.Current.CancellationToken);
        return parsed.Errors.Count > 0 ? ExitCode.WrongUsage : code;
    }
}
