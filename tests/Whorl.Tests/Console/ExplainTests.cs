using Whorl.Analysis.Explanations;
using Whorl.Kernel;

namespace Whorl.Tests.WebConsole;

public sealed class ExplainTests
{
    [Theory]
    [InlineData("allow", "none", null, "Allowed: nothing spoke against it.")]
    [InlineData("allow", "none", "block", "Allowed: nothing spoke against it. With simulated rules and decisions it would have been blocked.")]
    [InlineData("challenge", "score", null, "Challenged: 0 rules add up to 55.")]
    [InlineData("block", "decision", null, "Blocked by a decision on its ip (console, manual: scraper).")]
    public void The_summary_is_one_sentence_of_verdict_and_reason(string action, string cause, string? wouldBe, string sentence)
    {
        List<(string, object)> facts = [("verdict.action", action), ("verdict.cause", cause), ("verdict.score", 55)];
        if (wouldBe is not null)
        {
            facts.Add(("verdict.would_be", wouldBe));
        }

        if (cause == "decision")
        {
            facts.Add(("verdict.decision", new { id = "x", scope = "ip", action, origin = "console", scenario = "manual", reason = "scraper" }));
        }

        Explainer.Explain(ConsoleHost.Request([.. facts]), []).Summary.ShouldBe(sentence);
    }

    [Theory]
    [InlineData("two-framings", 0, "Blocked unread: the request has both Content-Length and Transfer-Encoding.")]
    [InlineData("host", 1, "Blocked unread: the request has no Host, several, or one that is no host. 1 more malformed request of this address within a second is told by this one.")]
    [InlineData("field", 70_000, "Blocked unread: the request has a header line that is folded, has a space before its colon, or is no name and value. 70000 more malformed requests of this address within a second are told by this one.")]
    public void The_summary_of_a_malformed_request_says_what_is_wrong_with_it_and_how_many_there_were(string fault, int repeats, string sentence) =>
        Explainer.Explain(ConsoleHost.Request(("verdict.action", "block"), ("verdict.cause", "malformed"), ("http.fault", fault), ("http.repeats", repeats)), []).Summary.ShouldBe(sentence);

    [Fact]
    public void Every_fact_is_told_once_and_fingerprints_come_first()
    {
        Explanation explained = Explainer.Explain(ConsoleHost.Request(("tls.ja4", "t13d"), ("something.new", new[] { 1, 2 })), []);

        explained.Facts[0].Title.ShouldBe("Fingerprints");
        explained.Facts.SelectMany(group => group.Facts).Select(fact => fact.Field).ShouldBeUnique();
        explained.Facts[^1].ShouldSatisfyAllConditions(group => group.Title.ShouldBe("Other"), group => group.Facts.ShouldHaveSingleItem().Value.ShouldBe("[1,2]"));
    }

    [Fact]
    public void The_text_for_terminals_carries_no_control_character_of_a_peer()
    {
        Observation request = ConsoleHost.Request(
            ("http.user_agent", "\u001b[31mred\u0007\u202e"), ("http.path", "/\r\nfake line"), ("verdict.action", "block"), ("verdict.cause", "rule"), ("verdict.rule", "a\u001b"),
            ("verdict.rules", new object[] { new { id = "a\u001b", description = "d\u001b", weight = 70 } }));
        string text = ExplanationText.Write(Explainer.Explain(request, [Explainer.Relate(request, "client.ip")]));

        text.Where(c => char.IsControl(c) && c != '\n').ShouldBeEmpty();
        text.ShouldNotContain("\u202e");
        text.ShouldContain("␛[31mred␇⟨U+202E⟩");
        text.ShouldContain("+70");
    }

    [Fact]
    public void Text_that_hides_nothing_stays_as_it_is()
    {
        foreach (string plain in (string[])["", "Grüße, мир, 世界, 🐳", "a b\u00e9"])
        {
            Visible.Text(plain).ShouldBe(plain);
        }

        Visible.Text("\ud800x").ShouldBe("⟨U+D800⟩x");
        Visible.Text("a\u00a0b").ShouldBe("a⟨U+00A0⟩b");
        Visible.Text("\U000E0041").ShouldBe("⟨U+DB40⟩⟨U+DC41⟩");
    }
}
