using Whorl.Delivery.Cli;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rules;

public sealed class RulesCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StringWriter _data = new();
    private readonly StringWriter _talk = new();

    public void Dispose()
    {
        _folder.Dispose();
        _data.Dispose();
        _talk.Dispose();
    }

    [Theory]
    [InlineData("check", "no faults")]
    [InlineData("list", "block from 100")]
    [InlineData("list --json", "block from 100")]
    [InlineData("test", "tests passed")]
    public void The_shipped_rules_pass(string arguments, string said)
    {
        Run(arguments).ShouldBe(ExitCode.Done);
        _talk.ToString().ShouldContain(said);
    }

    [Fact]
    public void Every_fault_is_named_with_its_place_and_is_wrong_usage()
    {
        string file = Write("rules:\n- { id: one, version: 1, description: d, weight: 1, when: { field: http.pth, exists: true } }\n");
        Run($"check {file}").ShouldBe(ExitCode.WrongUsage);
        _talk.ToString().ShouldBe($"error: {file}:2:68: there is no field 'http.pth'\nhint: did you mean http.path?\n1 faults\n");
        Run($"test {file}").ShouldBe(ExitCode.WrongUsage);
        Run($"check {_folder.File("absent.yaml")}").ShouldBe(ExitCode.WrongUsage);
    }

    [Fact]
    public void A_failing_test_is_a_failure_and_shows_what_was_expected_and_what_came()
    {
        string file = Write("rules:\n- { id: one, version: 1, description: d, weight: 1, when: { field: http.path, exists: true }, tests: [{ facts: { http.path: / }, match: false }] }\n");
        Run($"test {file}").ShouldBe(ExitCode.Failed);
        _data.ToString().ShouldBe($"{file}:2:103: one: expected no match, got match\n    http.path: /\n");
    }

    private string Write(string text)
    {
        File.WriteAllText(_folder.File("a.yaml"), text);
        return _folder.File("a.yaml");
    }

    private int Run(string arguments) => RulesCommand.Create(_ => [ShippedRules.Folder], new Output(_data, _talk, terminal: false)).Parse(arguments).Invoke();
}
