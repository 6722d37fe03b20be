using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Tests.Rules;

public sealed class RuleSetTests
{
    // Few letters and fields, so that random conditions and facts meet; with the characters whose case is odd.
    private static readonly string[] Words = ["a", "b", "ab", "ba", "abc", "bot", "Bot/", "-bot", "k", "\u212A", "ss", "\u0130", "i", "\uD800", "x\0y", "aab", "abab", "BOTBOT", "\u017F", "\u0131", "\u00E9\u00C9"];

    private static readonly Field[] Texts = [Fields.HttpPath, Fields.HttpUserAgent, Fields.Find("http.header.x-test")!];

    private static readonly string[] Patterns = ["ab+c?", "bot/", "^a", "b$", "[ab]{2}c", "abc|x", "a.b", "(ab)+", "k", "bota?", "x\\0y", "ab*a", "(?:bot|ba)ba", "botk"];

    [Fact]
    public void Compiled_rules_agree_with_the_plain_meaning_of_random_conditions()
    {
        Gen<string> word = Gen.Elements(Words);
        Gen<string> text = Gen.Choose(0, 4).SelectMany(count => word.ArrayOf(count)).Select(string.Concat);
        Gen<FactBag> facts =
            from present in Gen.Choose(0, 63)
            from values in text.ArrayOf(3)
            from number in Gen.Choose(0, 4)
            from flag in Gen.Elements(true, false)
            from address in Gen.Choose(0, 255)
            select Bag(present, values, number, flag, address);
        Gen<(Condition[] Conditions, FactBag[] Facts)> cases =
            from conditions in Gen.Choose(1, 30).SelectMany(count => Tree(3).ArrayOf(count))
            from bags in facts.ArrayOf(10)
            select (conditions, bags);

        Prop.ForAll(cases.ToArbitrary(), one =>
        {
            RuleSet rules = RuleCompiler.Compile(new([.. one.Conditions.Select((condition, i) => Rule($"r{i}", condition))], [], []));
            foreach (FactBag bag in one.Facts)
            {
                List<RuleInfo> hits = [];

                // The first two times find out, the third remembers.
                for (int time = 0; time < 3; time++)
                {
                    hits.Clear();
                    rules.Evaluate(bag, hits);
                }

                string[] expected = [.. one.Conditions.Index().Where(pair => NaiveInterpreter.Holds(pair.Item, bag)).Select(pair => $"r{pair.Index}")];
                hits.Select(hit => hit.Id).ShouldBe(expected, string.Join('\n', bag.Values.Select(pair => $"{pair.Key}={pair.Value}")));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void A_pattern_and_a_comparison_for_the_same_text_do_not_answer_for_each_other_beyond_ascii()
    {
        RuleSet rules = RuleCompiler.Compile(new(
            [
                Rule("pattern", new PatternComparison(Fields.HttpUserAgent, [new Regex("bot/", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, Regex.InfiniteMatchTimeout)])),
                Rule("text", new TextComparison(Fields.HttpUserAgent, TextOperator.Contains, ["Bot/"], CaseSensitive: false)),
            ], [], []));
        List<RuleInfo> hits = [];

        rules.Evaluate(new FactBag().With(Fields.HttpUserAgent, "Zürich"), hits);
        hits.ShouldBeEmpty();
        rules.Evaluate(new FactBag().With(Fields.HttpUserAgent, "Zürich-bot/1"), hits);
        hits.Select(hit => hit.Id).ShouldBe(["pattern", "text"]);
    }

    [Fact]
    public void A_text_found_many_times_over_costs_time_in_proportion_to_its_length_and_nothing_throws()
    {
        const int Length = 64 * 1024;
        string[] hostile =
        [
            new('\0', Length), new('\uD800', Length), new('a', Length), string.Concat(Enumerable.Repeat("GPTBo", Length / 5)),
            string.Concat(Enumerable.Repeat("bot", Length / 3)), string.Concat(Enumerable.Repeat("../", Length / 3)), string.Concat(Enumerable.Repeat("%2e", Length / 3)), new('\u212A', Length),
        ];
        foreach (string value in hostile)
        {
            CountingFacts facts = new(value);
            List<RuleInfo> hits = [];
            ShippedRules.Compiled.Evaluate(facts, hits);

            // Each field is asked for once by its probe, and once more by each pattern on it whose guard was found.
            facts.Asked.Values.Max().ShouldBeLessThanOrEqualTo(4, value[..6]);
        }
    }

    [Fact]
    public void A_request_without_any_field_is_judged()
    {
        List<RuleInfo> hits = [];
        ShippedRules.Compiled.Evaluate(new FactBag(), hits);
        hits.ShouldBeEmpty();
    }

    [Fact]
    public void Evaluation_allocates_nothing()
    {
        List<RuleInfo> hits = new(64);
        foreach (FactBag request in OrdinaryRequest.Samples)
        {
            for (int i = 0; i < 200; i++)
            {
                hits.Clear();
                ShippedRules.Compiled.Evaluate(request, hits);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                hits.Clear();
                ShippedRules.Compiled.Evaluate(request, hits);
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
            hits.ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("ab+c", "")]
    [InlineData("xyzb+cdef", "bcdef")]
    [InlineData("abc|def", "")]
    [InlineData("(?:abc)def", "def")]
    [InlineData("(?i)abc", "")]
    [InlineData("abcd?", "abc")]
    [InlineData("^/api/v[0-9]+/users$", "/api/v")]
    [InlineData("a\\.env\\b", "a.env")]
    [InlineData("[abc]def[^]x]", "def")]
    [InlineData("abc{0}", "")]
    [InlineData("(a|b)", "")]
    [InlineData("\\x41bcd", "")]
    public void The_text_a_pattern_cannot_do_without_is_found_or_left(string pattern, string expected)
    {
        string? literal = RequiredLiteral.Of(pattern);
        (literal ?? "").ShouldBe(expected);
    }

    private static FactBag Bag(int present, string[] values, int number, bool flag, int address)
    {
        FactBag bag = new();
        for (int i = 0; i < Texts.Length; i++)
        {
            if ((present & (1 << i)) != 0)
            {
                bag.With(Texts[i], values[i]);
            }
        }

        _ = (present & 8) == 0 ? bag : bag.With(Fields.HttpHeaderCount, (double)number);
        _ = (present & 16) == 0 ? bag : bag.With(Fields.ClientDirect, flag);
        PeerAddress peer = Parse($"192.0.2.{address}").First;
        return (present & 32) == 0 ? bag : bag.With(Fields.ClientIp, peer);
    }

    private static Gen<Condition> Tree(int depth)
    {
        Gen<Field> field = Gen.Elements(Texts);
        Gen<Condition> leaf = Gen.OneOf(
            from f in field
            from kind in Gen.Elements(Enum.GetValues<TextOperator>())
            from count in Gen.Choose(1, 3)
            from values in Gen.Choose(1, 3).SelectMany(words => Gen.Elements(Words).ArrayOf(words)).Select(string.Concat).ArrayOf(count)
            from sensitive in Gen.Elements(true, false)
            select (Condition)new TextComparison(f, kind, values, sensitive),
            from f in field
            from pattern in Gen.Elements(Patterns)
            from ignore in Gen.Elements(RegexOptions.IgnoreCase, RegexOptions.None)
            select (Condition)new PatternComparison(f, [new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | ignore, Regex.InfiniteMatchTimeout)]),
            from f in Gen.Elements<Field>([.. Texts, Fields.HttpHeaderCount, Fields.ClientDirect, Fields.ClientIp])
            from there in Gen.Elements(true, false)
            select (Condition)new Presence(f, there),
            from kind in Gen.Elements(Enum.GetValues<NumberOperator>())
            from value in Gen.Choose(0, 4)
            select (Condition)new NumberComparison(Fields.HttpHeaderCount, kind, [value]),
            from value in Gen.Elements(true, false)
            select (Condition)new FlagComparison(Fields.ClientDirect, value),
            from prefixes in Gen.Choose(1, 3).SelectMany(count => Gen.Choose(0, 255).Zip(Gen.Choose(24, 32)).ArrayOf(count))
            select (Condition)new AddressComparison(Fields.ClientIp, [.. prefixes.Select(prefix => Parse($"192.0.2.{prefix.Item1}/{prefix.Item2}"))]));
        if (depth == 0)
        {
            return leaf;
        }

        Gen<Condition[]> children = Gen.Choose(1, 3).SelectMany(count => Tree(depth - 1).ArrayOf(count));
        return Gen.OneOf(
            leaf,
            children.Select(inner => (Condition)new AllOf(inner)),
            children.Select(inner => (Condition)new AnyOf(inner)),
            Tree(depth - 1).Select(inner => (Condition)new NotOf(inner)));
    }

    private static Network Parse(string text)
    {
        Network.TryParse(text, out Network network).ShouldBeTrue();
        return network;
    }

    private static RuleDefinition Rule(string id, Condition when) => new(new RuleInfo(id, 1, "", 1, null, false), [], when, [], default);

    private sealed class CountingFacts(string value) : IFacts
    {
        public Dictionary<string, int> Asked { get; } = new(StringComparer.Ordinal);

        public string? Text(Field field)
        {
            Asked[field.Name] = Asked.GetValueOrDefault(field.Name) + 1;
            return value;
        }

        public double? Number(Field field) => 200;

        public bool? Flag(Field field) => true;

        public PeerAddress? Address(Field field) => null;
    }
}
