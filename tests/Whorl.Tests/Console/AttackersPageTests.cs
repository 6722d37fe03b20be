using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Identities;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rotations;
using Whorl.Kernel;

namespace Whorl.Tests.WebConsole;

/// <summary>Who touched a decoy, as people see it.</summary>
public sealed class AttackersPageTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    private const string Hostile = "<script>alert(1)</script>\u202e";

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task The_list_shows_who_touched_which_decoy_and_a_click_narrows_it_to_who_showed_the_same()
    {
        await RecordAsync("203.0.113.81", ("decoy", "bastion"), ("tls.ja4", "t13d_one"), ("label", "trickbot"));
        await RecordAsync("203.0.113.82", ("decoy", "shop"), ("http.user_agent", Hostile));
        HttpClient member = await host.MemberAsync();

        string raw = await member.GetStringAsync("/attackers"), all = WebUtility.HtmlDecode(raw);
        string narrowed = await member.GetStringAsync("/attackers?shown=" + Uri.EscapeDataString("tls.ja4:t13d_one"));

        all.ShouldContain("href=\"/addresses/203.0.113.81\"");
        all.ShouldContain("href=\"/addresses/203.0.113.82\"");
        all.ShouldContain("/attackers?shown=label%3Atrickbot");
        raw.ShouldNotContain("<script>alert");
        raw.ShouldNotContain("\u202e");
        narrowed.ShouldContain("/addresses/203.0.113.81");
        narrowed.ShouldNotContain("/addresses/203.0.113.82");
    }

    [Theory]
    [InlineData("/attackers?shown=nonsense")]
    [InlineData("/attackers?shown=a%3Ab&before=1")]
    [InlineData("/attackers?before=9223372036854775807")]
    public async Task Whatever_is_asked_for_is_answered(string path) => (await (await host.MemberAsync()).GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task The_page_of_an_address_shows_what_was_asked_back_rotations_and_sessions()
    {
        PeerAddress peer = Parse("203.0.113.83");
        RotationStore rotations = host.Services.GetRequiredService<RotationStore>();
        for (int i = 0; i < 4; i++)
        {
            await rotations.RecordAsync([new(peer, 443, "jarm", i < 2 ? "before" : "after", Now.AddMinutes(i - 10), ObservationId.New(TimeProvider.System))], default);
        }

        Observation session = new(ObservationId.New(TimeProvider.System), DecoyKinds.SessionEnded, Now, "test", Subject.Ip(peer), JsonElement.Parse(
            """{"source.ip":"203.0.113.83","decoy":"bastion","service":"ssh","session.duration_ms":1500,"session.attempts":3,"session.close":"client","session.commands":"uname -a\nwget http://x/<b>"}"""));
        await host.Services.GetRequiredService<JournalStore>().WriteAsync(new(session.Kind, 1, session.Id, session.Id, CloudEvents.WriteBatch([session])), default);

        string raw = await (await host.MemberAsync()).GetStringAsync("/addresses/203.0.113.83"), html = WebUtility.HtmlDecode(raw);

        html.ShouldContain("rotated</strong> jarm on port 443");
        html.ShouldContain("before</span> <span aria-label=\"became\">→</span> <span class=\"mono\" title=\"after\">after");
        html.ShouldContain("uname -a");
        raw.ShouldNotContain("x/<b>");
        html.ShouldContain(">1.5<");
    }

    private static PeerAddress Parse(string text) => PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new ArgumentException(text, nameof(text));

    private Task RecordAsync(string address, params (string Kind, string Value)[] facts) =>
        host.Services.GetRequiredService<IdentityStore>().RecordAsync([.. facts.Select(fact => new AddressFact(Parse(address), fact.Kind, fact.Value, Now))], default);
}
