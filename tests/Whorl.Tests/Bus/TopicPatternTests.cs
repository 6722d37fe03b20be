using FsCheck;
using FsCheck.Fluent;
using Whorl.Bus;

namespace Whorl.Tests.Bus;

public sealed class TopicPatternTests
{
    [Theory]
    [InlineData("decision.changed", "decision.changed", true)]
    [InlineData("decision.changed", "decision.change", false)]
    [InlineData("decision.*", "decision.changed", true)]
    [InlineData("decision.*", "decision", false)]
    [InlineData("decision.*", "decision.changed.twice", false)]
    [InlineData("observation.#", "observation.http.request", true)]
    [InlineData("observation.#", "observation", true)]
    [InlineData("observation.#", "observations.http", false)]
    [InlineData("#", "anything.at.all", true)]
    [InlineData("#.request", "observation.http.request", true)]
    [InlineData("#.request", "request", true)]
    [InlineData("*.#.request", "request", false)]
    [InlineData("a.#.b.#.c", "a.b.x.b.c", true)]
    [InlineData("a.#.b.#.c", "a.x.c", false)]
    [InlineData("#.#", "a", true)]
    [InlineData("a.*.#", "a", false)]
    [InlineData("*", "", true)]
    public void Wildcards_match_as_amqp_says(string pattern, string topic, bool matches) =>
        TopicPattern.Matches(pattern, topic).ShouldBe(matches);

    [Fact]
    public void Any_pattern_and_topic_agree_with_the_plain_recursive_definition()
    {
        Gen<string> words = Gen.Elements("a", "b", "*", "#").ListOf(5).Select(list => string.Join('.', list));
        Gen<string> topics = Gen.Elements("a", "b").ListOf(5).Select(list => string.Join('.', list));

        Prop.ForAll(words.ToArbitrary(), topics.ToArbitrary(), (pattern, topic) =>
            TopicPattern.Matches(pattern, topic) == Defined(pattern.Split('.'), topic.Split('.'))).QuickCheckThrowOnFailure();
    }

    private static bool Defined(ReadOnlySpan<string> pattern, ReadOnlySpan<string> topic) => pattern.Length == 0
        ? topic.Length == 0
        : pattern[0] == "#"
            ? Defined(pattern[1..], topic) || (topic.Length > 0 && Defined(pattern, topic[1..]))
            : topic.Length > 0 && (pattern[0] == "*" || pattern[0] == topic[0]) && Defined(pattern[1..], topic[1..]);
}
