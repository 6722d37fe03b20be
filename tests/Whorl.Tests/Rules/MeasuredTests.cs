using System.Text.Json;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rules;

/// <summary>How well the shipped rules tell people from robots on data nobody here wrote; floors and ceilings are what docs/reference/rules.md states.</summary>
public sealed class MeasuredTests(ITestOutputHelper output)
{
    private static readonly string[] ServesPeople = ["search", "feed", "monitor", "social-preview", "webhook"];

    [Fact]
    public void No_browser_of_675_header_sets_is_refused()
    {
        List<Sight> sights = [.. Rows("header-sets-synthetic-browsers.jsonl").Select(row => Sight.Of(RecordedFacts.OfCapture(row)))];
        output.WriteLine($"flagged {sights.Count(sight => sight.Flagged)} of {sights.Count}: {Summary(sights)}");
        sights.Count.ShouldBe(675);
        sights.Where(sight => sight.Refused).Select(sight => sight.ToString()).ShouldBeEmpty();
        sights.Count(sight => sight.Flagged).ShouldBeLessThanOrEqualTo(54);
    }

    [Fact]
    public void Agents_of_people_are_never_refused_and_seldom_flagged()
    {
        List<(string Agent, Sight Sight)> people = [.. Agents(label => label != "bot")];
        List<(string Agent, Sight Sight)> flagged = people.FindAll(one => one.Sight.Flagged);
        output.WriteLine($"flagged {flagged.Count} of {people.Count} ({flagged.Count / (double)people.Count:P2})\n" + string.Join('\n', flagged.Select(one => $"{one.Sight} {one.Agent}")));

        // One row of the data is an SQL injection in the place of a name.
        people.Where(one => one.Sight.Refused && !one.Agent.Contains("PG_SLEEP", StringComparison.Ordinal)).Select(one => $"{one.Sight} {one.Agent}").ShouldBeEmpty();
        (flagged.Count / (double)people.Count).ShouldBeLessThan(0.02);
    }

    [Fact]
    public void Agents_of_robots_are_flagged()
    {
        List<(string Agent, Sight Sight)> robots = [.. Agents(label => label == "bot")];
        double recall = robots.Count(one => one.Sight.Flagged) / (double)robots.Count;
        output.WriteLine($"flagged {recall:P2}, refused {robots.Count(one => one.Sight.Refused) / (double)robots.Count:P2} of {robots.Count}");
        output.WriteLine(string.Join('\n', robots.Where(one => !one.Sight.Flagged).Select(one => one.Agent)));
        recall.ShouldBeGreaterThan(0.97);
    }

    [Fact]
    public void Robots_that_serve_people_are_not_refused()
    {
        List<(string Agent, Sight Sight)> refused = [.. Rows("user-agents.jsonl")
            .Where(row => ServesPeople.Contains(row.GetProperty("kind").GetString()))
            .Select(row => (row.GetProperty("ua").GetString()!, Sight.Of(RecordedFacts.OfNameAlone(row.GetProperty("ua").GetString()!))))
            .Where(one => one.Item2.Refused)];
        output.WriteLine(string.Join('\n', refused.Select(one => $"{one.Sight} {one.Agent}")));

        // Some collectors of training data are labelled search engines, and two scanners of the whole internet monitors.
        refused.Where(one => !one.Sight.Hits.Any(hit => hit.Id is "ai-collector" or "internet-scanner")).Select(one => $"{one.Sight} {one.Agent}").ShouldBeEmpty();
        refused.Count.ShouldBeLessThanOrEqualTo(15);
    }

    [Fact]
    public void Real_browsers_pass_and_tools_in_their_clothes_do_not()
    {
        List<string> wrong = [];
        foreach (JsonElement row in Rows("header-captures.jsonl"))
        {
            Sight sight = Sight.Of(RecordedFacts.OfCapture(row));
            (string label, string kind, string client) = (row.GetProperty("label").GetString()!, row.GetProperty("kind").GetString()!, row.GetProperty("client").GetString()!);
            output.WriteLine($"{label} {kind} {client} {row.GetProperty("proto").GetString()}: {sight}");
            if ((label != "bot" && sight.Refused) || (kind == "tool-spoofing-browser" && sight.Verdict.Action != DecisionAction.Block) || (label == "bot" && !sight.Flagged))
            {
                wrong.Add($"{label} {kind} {client}: {sight}");
            }
        }

        wrong.ShouldBeEmpty();
    }

    private static string Summary(IEnumerable<Sight> sights) =>
        string.Join(", ", sights.SelectMany(sight => sight.Hits).GroupBy(hit => hit.Id, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}"));

    private static IEnumerable<(string Agent, Sight Sight)> Agents(Func<string, bool> wanted) => Rows("user-agents.jsonl")
        .Where(row => wanted(row.GetProperty("label").GetString()!))
        .Select(row => (row.GetProperty("ua").GetString()!, Sight.Of(RecordedFacts.OfNameAlone(row.GetProperty("ua").GetString()!))));

    private static IEnumerable<JsonElement> Rows(string file) =>
        File.ReadLines(Repository.RequireShared("edge", file)).Select(line => JsonDocument.Parse(line).RootElement);
}
