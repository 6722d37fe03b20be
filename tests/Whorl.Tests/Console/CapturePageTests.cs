using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.WebConsole.Captures;
using Whorl.Kernel;

namespace Whorl.Tests.WebConsole;

/// <summary>What capture saw, as people see it.</summary>
public sealed class CapturePageTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    private const string Hostile = "<script>alert(1)</script>\u202e";

    [Fact]
    public async Task The_live_page_shows_rates_losses_fingerprints_and_the_newest()
    {
        CaptureLive live = host.Services.GetRequiredService<CaptureLive>();
        live.AddSummaries(Batch("capture.summary", "sensor:a", """{"capture.interfaces":[{"capture.interface":"eth0","capture.state":"listening","capture.frames":4000,"capture.bytes":9000000,"capture.drops":7,"capture.observations":50,"capture.dropped":0,"capture.evictions":0,"capture.flows":12},{"capture.interface":"eth1","capture.state":"failed","capture.reason":"no right","capture.hint":"be root"}]}"""));
        live.Newest.Add(Batch("tls.client_hello", "ip:203.0.113.71", JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["source.ip"] = "203.0.113.71", ["source.port"] = 4000, ["destination.ip"] = "198.51.100.1", ["destination.port"] = 443, ["decoy"] = "shop", ["tls.ja4"] = "t13d1516h2_abc", ["tls.sni"] = Hostile, ["count"] = 41,
        })));

        string raw = await (await host.MemberAsync()).GetStringAsync("/capture"), html = WebUtility.HtmlDecode(raw);

        html.ShouldContain("eth0");
        html.ShouldContain(">400<");
        html.ShouldContain("0.90");
        html.ShouldContain("no right. be root");
        html.ShouldContain("href=\"/addresses/203.0.113.71\"");
        html.ShouldContain("t13d1516h2_abc");
        html.ShouldContain("+41");
        raw.ShouldNotContain("<script>alert");
        raw.ShouldNotContain("\u202e");
    }

    [Fact]
    public async Task A_filter_narrows_the_newest()
    {
        CaptureLive live = host.Services.GetRequiredService<CaptureLive>();
        live.Newest.Add(Batch("ssh.banner", "ip:203.0.113.72", """{"source.ip":"203.0.113.72","destination.ip":"198.51.100.1","ssh.banner":"SSH-2.0-one"}"""));
        live.Newest.Add(Batch("ssh.banner", "ip:203.0.113.73", """{"source.ip":"203.0.113.73","destination.ip":"198.51.100.1","ssh.banner":"SSH-2.0-two"}"""));

        string html = await (await host.MemberAsync()).GetStringAsync("/capture?q=source.ip%3A+203.0.113.72");

        html.ShouldContain("SSH-2.0-one");
        html.ShouldNotContain("SSH-2.0-two");
    }

    [Fact]
    public async Task The_page_of_an_address_joins_edge_and_capture_and_says_what_governs_it()
    {
        CaptureLive live = host.Services.GetRequiredService<CaptureLive>();
        live.Newest.Add(Batch("tcp.syn", "ip:203.0.113.74", """{"source.ip":"203.0.113.74","destination.ip":"198.51.100.1","os.name":"Linux 3.11 and newer","tcp.stack":"4:64:0:1460"}"""));
        live.Newest.Add(Batch("tcp.synack", "ip:198.51.100.1", """{"source.ip":"198.51.100.1","destination.ip":"203.0.113.74","os.name":"Windows 7 or 8"}"""));
        host.Seen(("client.ip", "203.0.113.74"), ("http.user_agent", "curl/8"));
        await host.Writer.AddAsync([new(DecisionId.New(TimeProvider.System), "cli", "manual", DecisionScope.Ip, "203.0.113.74", DecisionAction.Block, null, "seen at a decoy", false)], default);

        string html = WebUtility.HtmlDecode(await (await host.MemberAsync()).GetStringAsync("/addresses/203.0.113.74"));

        html.ShouldContain("Linux 3.11 and newer</a>");
        html.ShouldNotContain("Windows 7 or 8</a>", Case.Sensitive, "what was said to it is not its own fingerprint");
        html.ShouldContain("Windows 7 or 8", Case.Sensitive, "but stands among the observations");
        html.ShouldContain("curl/8");
        html.ShouldContain("seen at a decoy");
        (await (await host.MemberAsync()).GetAsync("/addresses/nonsense")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static byte[] Batch(string kind, string subject, string attributes)
    {
        Observation observation = new(ObservationId.New(TimeProvider.System), kind, TimeProvider.System.GetUtcNow(), "test", new(subject), JsonElement.Parse(attributes));
        return Encoding.UTF8.GetBytes("[\n" + Encoding.UTF8.GetString(CloudEvents.Write(observation)) + "\n]");
    }
}
