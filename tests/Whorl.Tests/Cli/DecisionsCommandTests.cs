using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.Cli;
using Whorl.Kernel;
using Whorl.Tests.Api;
using Whorl.Tests.Support;

namespace Whorl.Tests.Cli;

public sealed class DecisionsCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Without_a_running_process_the_store_itself_is_changed()
    {
        (int code, string data, _) = await RunAsync(_folder.Path, "decisions", "add", "--ip", "192.0.2.1", "--action", "block", "--for", "4h", "--reason", "evil\u001b[2J");
        code.ShouldBe(ExitCode.Done);
        string[] cells = data.TrimEnd('\n').Split('\t');
        cells[1..4].ShouldBe(["ip", "192.0.2.1", "block"]);
        cells[5..].ShouldBe(["cli", "manual", "evil\\u001b[2J"]);

        (_, string list, _) = await RunAsync(_folder.Path, "decisions", "list", "--json");
        JsonElement.Parse(list).EnumerateArray().ShouldHaveSingleItem().GetProperty("id").GetString().ShouldBe(cells[0]);

        (await RunAsync(_folder.Path, "decisions", "delete", cells[0])).Code.ShouldBe(ExitCode.Done);
        (await RunAsync(_folder.Path, "decisions", "list")).Data.ShouldBe("");
        (int again, _, string talk) = await RunAsync(_folder.Path, "decisions", "delete", cells[0]);
        again.ShouldBe(ExitCode.Failed);
        talk.ShouldContain("hint: ");
    }

    [Fact]
    public async Task With_a_running_process_it_enforces_at_once()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        IDecisionLookup lookup = server.Services.GetRequiredService<IDecisionLookup>();
        PeerAddress.TryParse("192.0.2.77", out PeerAddress peer).ShouldBeTrue();

        (await RunAsync(server.Data, "decisions", "add", "--range", "192.0.2.0/24", "--action", "tarpit")).Code.ShouldBe(ExitCode.Done);
        lookup.Find(new(peer, null, null, 0, null)).Action.ShouldBe(DecisionAction.Tarpit);

        (await RunAsync(server.Data, "decisions", "delete", "--range", "192.0.2.0/24")).Code.ShouldBe(ExitCode.Done);
        lookup.Find(new(peer, null, null, 0, null)).Found.ShouldBeFalse();
    }

    [Fact]
    public async Task A_key_made_on_the_command_line_opens_the_API()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        (int code, string key, string talk) = await RunAsync(server.Data, "keys", "add", "deploy", "--write");
        (code, talk.Contains("not shown again", StringComparison.Ordinal)).ShouldBe((ExitCode.Done, true));
        string file = _folder.File("key");
        await File.WriteAllTextAsync(file, key);

        (await RunAsync(server.Data, "decisions", "add", "--country", "nl", "--action", "throttle", "--api", server.Address.ToString(), "--key-file", file)).Data.ShouldContain("api:deploy");
        (await RunAsync(server.Data, "keys", "list")).Data.ShouldStartWith("deploy\twrite\t");
        (await RunAsync(server.Data, "keys", "remove", "deploy")).Code.ShouldBe(ExitCode.Done);
        (await RunAsync(server.Data, "decisions", "list", "--api", server.Address.ToString(), "--key-file", file)).Code.ShouldBe(ExitCode.Failed);
    }

    [Fact]
    public async Task An_import_with_bad_lines_is_partly_done()
    {
        string list = _folder.File("drop.txt");
        await File.WriteAllTextAsync(list, "192.0.2.0/24 ; SBL1\nnonsense\n");
        (int code, _, string talk) = await RunAsync(_folder.Path, "decisions", "import", list, "--origin", "spamhaus");
        code.ShouldBe(ExitCode.PartlyDone);
        talk.ShouldContain("line 2: ");
        (await RunAsync(_folder.Path, "decisions", "list", "--origin", "import:spamhaus")).Data.ShouldContain("192.0.2.0/24");
    }

    [Theory]
    [InlineData("decisions", "add", "--action", "block")]
    [InlineData("decisions", "add", "--ip", "192.0.2.1")]
    [InlineData("decisions", "add", "--ip", "192.0.2.1", "--asn", "1", "--action", "block")]
    [InlineData("decisions", "add", "--ip", "nonsense", "--action", "block")]
    [InlineData("decisions", "add", "--ip", "192.0.2.1", "--action", "smite")]
    [InlineData("decisions", "add", "--range", "0.0.0.0/0", "--action", "block")]
    [InlineData("decisions", "delete")]
    [InlineData("decisions", "list", "--api", "http://192.0.2.1")]
    [InlineData("keys", "add", "no spaces")]
    public async Task Wrong_usage_is_told_apart_from_failure(params string[] arguments) =>
        (await RunAsync(_folder.Path, arguments)).Code.ShouldBe(ExitCode.WrongUsage);

    public void Dispose() => _folder.Dispose();

    private static async Task<(int Code, string Data, string Talk)> RunAsync(string folder, params string[] arguments)
    {
        using StringWriter data = new() { NewLine = "\n" };
        using StringWriter talk = new() { NewLine = "\n" };
        Output output = new(data, talk, terminal: false);
        LocalNode node = new(_ => ApiServer.CreateBuilder(folder).Build());
        RootCommand root = new() { DecisionsCommand.Create(node, output, TimeProvider.System), KeysCommand.Create(node, output) };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            // The program's main turns errors of the parser into this code.
            return (ExitCode.WrongUsage, "", string.Join('\n', parsed.Errors.Select(error => error.Message)));
        }

        int code = await parsed.InvokeAsync();
        return (code, data.ToString(), talk.ToString());
    }
}
