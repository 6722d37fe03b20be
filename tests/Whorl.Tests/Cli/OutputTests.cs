using Whorl.Delivery.Cli;

namespace Whorl.Tests.Cli;

public sealed class OutputTests
{
    [Theory]
    [InlineData("plain words", "plain words")]
    [InlineData("naïve ☃ 漢", "naïve ☃ 漢")]
    [InlineData("\u001b[2Jgone", "\\u001b[2Jgone")]
    [InlineData("a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000")]
    [InlineData("\u009b31m", "\\u009b31m")]
    [InlineData("abc\u202egnp.exe", "abc\\u202egnp.exe")]
    [InlineData("zero\u200bwidth\u2028line", "zero\\u200bwidth\\u2028line")]
    public void Nothing_a_peer_sent_can_drive_the_terminal_or_the_eye(string text, string expected) => Output.Escape(text).ShouldBe(expected);

    [Fact]
    public void A_pipe_gets_tabs_and_a_terminal_gets_columns()
    {
        Printed(terminal: false, output => output.Table(["id", "why"], [["1", "a\tb"], ["22", "c"]])).ShouldBe(("1\ta\\u0009b\n22\tc\n", ""));
        Printed(terminal: true, output => output.Table(["id", "why"], [["1", "a"], ["22", "c"]])).ShouldBe(("ID  WHY\n1   a\n22  c\n", ""));
    }

    [Fact]
    public void A_failure_says_what_failed_and_what_to_do() =>
        Printed(terminal: false, output => output.Fail("it broke\u0007", "mend it").ShouldBe(ExitCode.Failed)).ShouldBe(("", "error: it broke\\u0007\nhint: mend it\n"));

    [Fact]
    public void The_next_command_is_for_people_alone()
    {
        Printed(terminal: false, output => output.Next("whorl x", "y")).ShouldBe(("", ""));
        Printed(terminal: true, output => output.Next("whorl x", "y")).ShouldBe(("", "next: whorl x  (y)\n"));
    }

    private static (string Data, string Talk) Printed(bool terminal, Action<Output> print)
    {
        using StringWriter data = new() { NewLine = "\n" };
        using StringWriter talk = new() { NewLine = "\n" };
        print(new(data, talk, terminal));
        return (data.ToString(), talk.ToString());
    }
}
