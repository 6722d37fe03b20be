using System.Text.Json;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Probes;

/// <summary><c>whorl probe</c> as a person or a script runs it.</summary>
public sealed class ProbeCommandTests
{
    [Fact]
    public async Task A_refused_target_says_why_and_how_to_lift_it()
    {
        (int code, string output, string error) = await RunningProcess.RunAsync(WhorlProcess.Executable, ["probe", "127.0.0.1", "169.254.169.254", "localhost:443", "[::ffff:10.0.0.1]:22"]);
        code.ShouldBe(1);
        output.ShouldBeEmpty();
        error.ShouldContain("error: 127.0.0.1: it is not asked, for it is this machine itself");
        error.ShouldContain("hint: If it is yours to ask, --allow 127.0.0.1 lets you.");
        error.ShouldContain("error: 169.254.169.254: it is not asked, for it is a link-local address");
        error.ShouldContain("error: localhost:443: ");
        error.ShouldContain("it is a private address");
    }

    [Fact]
    public async Task Some_targets_that_fail_make_the_exit_code_3()
    {
        await using NginxSite site = await NginxSite.StartAsync("server_tokens off; location / { default_type text/html; return 200 \"<title>Fr\u00fchling</title>\"; }");
        (int code, IReadOnlyList<JsonElement> found, string error) = await WhorlProbe.RunAsync($"127.0.0.1:{site.Port}", "10.0.0.1", "no such name", "--http", "--tcp");
        code.ShouldBe(3, error);
        JsonElement web = found.Single(each => each.Text("kind") == "probe.http");
        web.Text("http.status").ShouldBe("200");
        web.Text("http.title").ShouldBe("Frühling");
        web.Text("http.server").ShouldBe("nginx");
        web.Text("target.port").ShouldBe($"{site.Port}");
        web.Text("probe.reason").ShouldBe("operator");
        JsonElement stack = found.Single(each => each.Text("kind") == "probe.tcp");
        stack.Text("tcp.state").ShouldBe("open");
        if (Environment.IsPrivilegedProcess)
        {
            stack.Text("probe.method").ShouldBe("raw");
            stack.Text("tcp.stack").ShouldStartWith("4:64:0:");
            stack.Text("tcp.stack_hash").ShouldNotBeNull().Length.ShouldBe(32);
        }
    }

    [Fact]
    public async Task Without_privilege_a_connection_tells_of_the_stack()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "giving up privileges needs root");
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "util-linux is not installed");
        await using NginxSite site = await NginxSite.StartAsync();
        using Whorl.Tests.Support.TempFolder folder = new();
        (int code, string output, string error) = await RunningProcess.RunAsync(
            "setpriv", ["--bounding-set", "-net_raw", "--inh-caps", "-net_raw", "--", WhorlProcess.Executable, "probe", $"127.0.0.1:{site.Port}", "--tcp", "--json", "--allow", "127.0.0.1"],
            new Dictionary<string, string?> { ["WHORL_Node__Data"] = folder.Path });
        code.ShouldBe(0, error);
        using JsonDocument found = JsonDocument.Parse(output);
        found.RootElement.Text("probe.method").ShouldBe("connect");
        found.RootElement.Text("tcp.options").ShouldBe("mss,sok,ts,ws");
        found.RootElement.Text("tcp.stack_hash").ShouldBeNull();
        error.ShouldContain("CAP_NET_RAW");
    }

    [Fact]
    public async Task Targets_come_from_standard_input_and_a_pipe_is_told_in_tabs()
    {
        await using NginxSite site = await NginxSite.StartAsync();
        (int code, string output, string error) = await RunningProcess.RunAsync("bash", ["-c", $"printf '# a remark\\n127.0.0.1:{site.Port}\\n127.0.0.2:{site.Port}\\n' | {WhorlProcess.Executable} probe - --http --allow 127.0.0.0/8"]);
        code.ShouldBe(3, error);
        string[] line = output.Split('\n').Single(each => each.StartsWith("127.0.0.1\t", StringComparison.Ordinal)).Split('\t');
        line[..3].ShouldBe(["127.0.0.1", $"{site.Port}", "http"]);
        line[3].ShouldStartWith("http  200  nginx/");
        output.ShouldContain("127.0.0.2\t");
        output.ShouldContain("refused");
    }
}
