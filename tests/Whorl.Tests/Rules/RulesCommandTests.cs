using Whorl.Delivery.Cli;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rules;

public sealed class RulesCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("check")]
    [InlineData("list")]
    [InlineData("list --json")]
    [InlineData("test")]
    public void The_shipped_rules_pass(string arguments) => Run(arguments).ShouldBe(ExitCode.Done);

    [Fact]
    public void A_fault_is_wrong_usage()
    {
        string file = Write("rules:\n- { id: one }\n");
        Run($"check {file}").ShouldBe(ExitCode.WrongUsage);
        Run($"test {file}").ShouldBe(ExitCode.WrongUsage);
        Run($"check {_folder.File("absent.yaml")}").ShouldBe(ExitCode.WrongUsage);
    }

    [Fact]
    public void A_failing_test_is_a_failure() =>
        Run("test " + Write("rules:\n- { id: one, version: 1, description: d, weight: 1, when: { field: http.path, exists: true }, tests: [{ facts: { http.path: / }, match: false }] }\n"))
            .ShouldBe(ExitCode.Failed);

    private string Write(string text)
    {
        File.WriteAllText(_folder.File("a.yaml"), text);
        return _folder.File("a.yaml");
    }

    private static int Run(string arguments) => RulesCommand.Create(_ => [ShippedRules.Folder]).Parse(arguments).Invoke();
}
