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
    [InlineData("printf '%s-%s\\n' a b", "a-b\n")]
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

    [Fact]
    public void Variables_that_double_each_other_stay_within_bounds()
    {
        ShellMachine shell = New();
        shell.Run("a=" + new string('A', 8000), out _);
        shell.Run("b=" + string.Concat(Enumerable.Repeat("$a", 1000)), out _);
        shell.Run("echo $b", out _).ShouldBe("\n");
        shell.Run("echo " + string.Concat(Enumerable.Repeat("$a", 1000)), out _).Length.ShouldBeLessThanOrEqualTo(64 * 1024 + 1);
        shell.Run("echo " + string.Concat(Enumerable.Repeat("\"$a\"'' ", 500)), out _).Length.ShouldBeLessThanOrEqualTo(257 * 1024);
    }

    [Fact]
    public void A_line_that_reads_files_again_and_again_costs_no_more_than_a_line_may()
    {
        ShellMachine shell = New();
        shell.Run("cat > /tmp/f", out _, new string('x', 1024 * 1024));
        shell.Files.Read("/tmp/f")!.Length.ShouldBe(1024 * 1024);
        string again = string.Concat(Enumerable.Repeat(" /tmp/f", 500));
        long before = GC.GetAllocatedBytesForCurrentThread();
        shell.Run("cat" + again, out _).Length.ShouldBeLessThanOrEqualTo(256 * 1024);
        shell.Run("md5sum" + again, out _);
        shell.Run("tee" + again + " < /tmp/f", out _);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(256L * 1024 * 1024);
    }

    [Fact]
    public void Somebody_who_keeps_the_shell_busy_hears_that_it_has_no_memory_left()
    {
        ShellMachine shell = New();
        shell.Run("cat > /tmp/f", out _, new string('x', 1024 * 1024));
        string line = "cat" + string.Concat(Enumerable.Repeat(" /tmp/f", 10)) + " > /dev/null";
        Enumerable.Range(0, 100).Select(_ => shell.Run(line, out bool _)).ShouldContain("-bash: fork: Cannot allocate memory\n");
    }

    private static ShellMachine New() => new(Machine, "root", TimeProvider.System);

    private sealed class PathAndBytes : IEqualityComparer<(string Path, byte[] Content)>
    {
        public bool Equals((string Path, byte[] Content) x, (string Path, byte[] Content) y) => x.Path == y.Path && x.Content.AsSpan().SequenceEqual(y.Content);

        public int GetHashCode((string Path, byte[] Content) obj) => obj.Path.GetHashCode(StringComparison.Ordinal);
    }
}
