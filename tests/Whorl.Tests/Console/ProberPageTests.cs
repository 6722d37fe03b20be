using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Prober;
using Whorl.Kernel;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Tests.WebConsole;

/// <summary>The prober, as people see it and tell it.</summary>
public sealed class ProberPageTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Fact]
    public async Task The_page_shows_who_probes_whom_next_and_what_was_sent()
    {
        host.Services.GetRequiredService<ProberLive>().Add("""{"node":"asker-1","state":"running","dry_run":true,"raw_packets":false,"targets":3,"due":1,"working":2,"connections":7,"fault":"<b>no list</b>"}"""u8.ToArray());
        ProbesStore store = host.Services.GetRequiredService<ProbesStore>();
        PeerAddress.TryParse("203.0.113.91", out PeerAddress peer).ShouldBeTrue();
        await store.AddAsync([new(peer, ObservationId.New(TimeProvider.System).ToString())], null, default);
        await store.BeginAsync(new(Guid.CreateVersion7(), peer, TimeProvider.System.GetUtcNow(), IsDry: true, [new(443, ProbeName.Jarm)]), default);
        HttpClient member = await host.MemberAsync();

        string raw = await member.GetStringAsync("/prober"), html = WebUtility.HtmlDecode(raw);

        html.ShouldContain("asker-1");
        html.ShouldContain("a dry run: nothing is sent");
        html.ShouldContain("no raw packets");
        raw.ShouldNotContain("<b>no list");
        html.ShouldContain("href=\"/addresses/203.0.113.91\"");
        html.ShouldContain("jarm</td>");
        html.ShouldContain(">443<");
        html.ShouldContain("dry_run</td>");
        (await member.GetStringAsync("/prober?address=203.0.113.92")).ShouldContain("Nothing yet");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"node":7,"state":{}}""")]
    [InlineData("[]")]
    public void What_is_no_word_of_a_prober_is_passed_over(string health)
    {
        ProberLive live = new(TimeProvider.System);
        live.Add(System.Text.Encoding.UTF8.GetBytes(health));
        live.Rows().Count.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task An_operator_pauses_the_probers_and_a_viewer_does_not()
    {
        host.Services.GetRequiredService<ProberLive>().Add("""{"node":"asker-1","state":"running"}"""u8.ToArray());
        TaskCompletionSource<string> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable listening = await host.Services.GetRequiredService<IBus>().SubscribeAsync(new("test-orders", ProberControl.ControlTopic, Durable: false), (message, _) =>
        {
            told.TrySetResult(JsonDocument.Parse(message.Body).RootElement.GetProperty("action").GetString()!);
            return Task.CompletedTask;
        }, default);

        HttpClient viewer = await host.MemberAsync(AccountRole.Viewer), member = await host.MemberAsync();
        (await viewer.GetStringAsync("/prober")).ShouldNotContain("value=\"pause\"");
        using (HttpResponseMessage refused = await ConsoleHost.SendAsync(viewer, "/account", "/prober/order", new(StringComparer.Ordinal) { ["order"] = "stop" }))
        {
            refused.StatusCode.ShouldNotBe(HttpStatusCode.Found);
        }

        using (HttpResponseMessage nonsense = await ConsoleHost.SendAsync(member, "/prober", "/prober/order", new(StringComparer.Ordinal) { ["order"] = "explode" }))
        {
            nonsense.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        }

        using HttpResponseMessage answer = await ConsoleHost.SendAsync(member, "/prober", "/prober/order", new(StringComparer.Ordinal) { ["order"] = "pause" });

        answer.Headers.Location!.ToString().ShouldBe("/prober?told=pause");
        (await told.Task.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe("pause");
        (await member.GetStringAsync("/prober?told=pause")).ShouldContain("Every prober was told to pause");
    }
}
