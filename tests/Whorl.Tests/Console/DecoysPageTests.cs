using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Journal;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Decoys;
using Whorl.Kernel;
using Whorl.Sources.Decoys;
using Whorl.Tests.Decoys;

namespace Whorl.Tests.WebConsole;

/// <summary>The fleet of decoys, as people see it.</summary>
public sealed class DecoysPageTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Fact]
    public async Task The_page_shows_which_places_hear_why_others_do_not_and_who_talked()
    {
        host.Services.GetRequiredService<DecoysLive>().Add("""
            {"node":"trap-1","objects_full":true,"more":2,"places":[
              {"decoy":"bastion","persona":"web-server","service":"ssh","place":"192.0.2.7:22","listening":true,"fault":"","open":3,"taken":1234,"turned_away":5},
              {"decoy":"camera","persona":"camera","service":"telnet","place":"192.0.2.8:23","listening":false,"fault":"this machine does not have this <b>address","hint":"`ip address` says","open":0,"taken":0,"turned_away":0}]}
            """u8.ToArray());
        await RecordAsync("203.0.113.95", "bastion", "uname -a\nwget http://x/<b>");
        await RecordAsync("203.0.113.96", "camera", "enable");
        HttpClient member = await host.MemberAsync();

        string raw = await member.GetStringAsync("/decoys"), html = WebUtility.HtmlDecode(raw);
        string narrowed = await member.GetStringAsync("/decoys?decoy=bastion");

        html.ShouldContain(" places hear, 3 conversations now");
        html.ShouldContain(">1\u2009234<");
        html.ShouldContain("192.0.2.7:22");
        html.ShouldContain("this machine does not have this <b>address");
        raw.ShouldNotContain("<b>address");
        html.ShouldContain("The object store of trap-1 is full");
        html.ShouldContain("trap-1 has 2 more places");
        html.ShouldContain("uname -a");
        html.ShouldContain("href=\"/addresses/203.0.113.96\"");
        html.ShouldContain("/decoys?decoy=camera");
        narrowed.ShouldContain("/addresses/203.0.113.95");
        narrowed.ShouldNotContain("/addresses/203.0.113.96");
        narrowed.ShouldNotContain("192.0.2.8:23");
    }

    [Fact]
    public async Task What_a_node_says_on_the_bus_comes_to_the_page()
    {
        byte[] body = Encoding.UTF8.GetBytes("""{"node":"trap-2","places":[{"decoy":"d","service":"ftp","place":"192.0.2.9:21","listening":true}]}""");
        await host.Services.GetRequiredService<IBus>().PublishAsync(new(DecoysBeat.Topic, body, "application/json"), default);
        DecoysLive live = host.Services.GetRequiredService<DecoysLive>();
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (live.Nodes().All(node => node.Node != "trap-2"))
        {
            await Task.Delay(10, late.Token);
        }
    }

    [Fact]
    public async Task What_a_node_says_of_a_place_is_what_the_page_reads()
    {
        await using TestDecoy decoy = new("{ service: ftp }", configure: options => options.Limits.ConnectionsPerSource = 1);
        using DecoyClient first = await decoy.ConnectAsync();
        await first.HearAsync("220");
        using DecoyClient second = await decoy.ConnectAsync();
        await second.HearAllAsync();
        DecoysLive live = new(TimeProvider.System);

        live.Add(DecoysBeat.Write("trap-3", TimeProvider.System.GetUtcNow(), [decoy.Post], objectsFull: true));

        DecoyNode node = live.Nodes().ShouldHaveSingleItem();
        (node.Node, node.ObjectsFull, node.More).ShouldBe(("trap-3", true, 0));
        node.Places.ShouldHaveSingleItem().ShouldBe(new("decoy-1", "test", "ftp", "127.0.0.1:0", IsListening: true, "", "", 1, 1, 1));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"node":"x","places":7}""")]
    [InlineData("""{"node":"x","places":[7,{"decoy":{}}]}""")]
    public void What_is_no_word_of_decoys_is_passed_over(string health)
    {
        DecoysLive live = new(TimeProvider.System);
        live.Add(Encoding.UTF8.GetBytes(health));
        live.Nodes().Count.ShouldBeLessThanOrEqualTo(1);
    }

    [Theory]
    [InlineData("/decoys?decoy=")]
    [InlineData("/decoys?decoy=%01&before=nonsense")]
    public async Task Whatever_is_asked_for_is_answered(string path) => (await (await host.MemberAsync()).GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);

    private async Task RecordAsync(string address, string decoy, string commands)
    {
        PeerAddress.TryParse(address, out PeerAddress peer).ShouldBeTrue();
        JsonElement facts = JsonSerializer.SerializeToElement(new Dictionary<string, object>
        {
            ["source.ip"] = address, ["decoy"] = decoy, ["service"] = "ssh", ["session.duration_ms"] = 1500, ["session.attempts"] = 3, ["session.close"] = "client", ["session.commands"] = commands,
        });
        Observation session = new(ObservationId.New(TimeProvider.System), DecoyKinds.SessionEnded, TimeProvider.System.GetUtcNow(), "test", Subject.Ip(peer), facts);
        await host.Services.GetRequiredService<JournalStore>().WriteAsync(new(session.Kind, 1, session.Id, session.Id, CloudEvents.WriteBatch([session])), default);
    }
}
