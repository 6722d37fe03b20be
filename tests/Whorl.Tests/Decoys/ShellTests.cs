using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Shell;

namespace Whorl.Tests.Decoys;

/// <summary>The made-up shell: lines that attackers type, and what they hope to see.</summary>
public sealed class ShellTests
{
    private static readonly Persona Machine = TestDecoy.Read("name: a\nhost: web01\nkernel: 5.10.0-28-amd64\nservices: [{ service: ssh }]\nfiles: [{ path: /opt/x, content: \"one\\ntwo\\n\" }]\n");

    [Theory]
    [InlineData("uname -s -m", "Linux x86_64\n")]
    [InlineData("cat /opt/x | wc -l", "2\n")]
    [InlineData("cat /opt/x | grep -v one | head -n 1", "two\n")]
    [InlineData("false && echo a; true && echo b || echo c", "b\n")]
    [InlineData("false || echo $?", "1\n")]
    [InlineData("A=x; echo \"$A\" '$A' ${A}y", "x $A xy\n")]
    [InlineData("echo $(whoami)@`hostname`", "root@web01\n")]
    [InlineData("echo aGk= | base64 -d", "hi")]
    [InlineData("echo -e '\\x41\\0102'", "AB\n")]
    [InlineData("cd /tmp; echo a > f; echo b >> f; cat f; rm f; cat f", "a\nb\ncat: f: No such file or directory\n")]
    [InlineData("ls / | grep ^opt$", "opt\n")]
    [InlineData("nosuch --help 2>&1", "-bash: nosuch: command not found\n")]
    [InlineData("echo a >/dev/null; echo b > /nowhere/f", "-bash: /nowhere/f: No such file or directory\n")]
    [InlineData("/bin/busybox MIRAI", "MIRAI: applet not found\n")]
    [InlineData("sh -c 'echo a; exit'; echo never", "a\n")]
    public void A_line_gives_what_a_shell_would(string line, string output) => New().Run(line, out _).ShouldBe(output);

    [Fact]
    public void A_here_document_is_a_file_and_no_commands()
    {
        ShellMachine shell = New();
        shell.Run("cat > /tmp/x <<'END'", out _).ShouldBeEmpty();
        shell.InHereDocument.ShouldBeTrue();
        shell.Run("rm -rf /", out _).ShouldBeEmpty();
        shell.Run("END", out _).ShouldBeEmpty();
        shell.Files.Written.Single().ShouldBe(("/tmp/x", "rm -rf /\n"u8.ToArray()), new PathAndBytes());
    }

    [Fact]
    public void A_line_without_an_answer_is_told_as_unknown()
    {
        New().Run("id; nosuch", out bool known);
        known.ShouldBeFalse();
        New().Run("id; uname", out known);
        known.ShouldBeTrue();
    }

    [Fact]
    public void What_is_written_stays_within_bounds_however_often_it_is_doubled()
    {
        ShellMachine shell = New();
        shell.Run("cd /tmp; echo aaaaaaaaaaaaaaaa > a", out _);
        for (int i = 0; i < 40; i++)
        {
            shell.Run("cat a a > b; cp b a", out _);
        }

        shell.Files.Written.Sum(file => file.Content.Length).ShouldBeLessThan(2 * 1024 * 1024);
    }

    private static ShellMachine New() => new(Machine, "root", TimeProvider.System);

    private sealed class PathAndBytes : IEqualityComparer<(string Path, byte[] Content)>
    {
        public bool Equals((string Path, byte[] Content) x, (string Path, byte[] Content) y) => x.Path == y.Path && x.Content.AsSpan().SequenceEqual(y.Content);

        public int GetHashCode((string Path, byte[] Content) obj) => obj.Path.GetHashCode(StringComparison.Ordinal);
    }
}
