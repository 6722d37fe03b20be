using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Whorl.Sources.Edge.Crawlers;
using Whorl.Tests.Support;

namespace Whorl.Tests.Edge.Crawlers;

public sealed class RobotsFileTests
{
    [Fact]
    public void Every_sound_case_of_the_reference_parser_agrees()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Repository.RequireShared("edge", "robots-rfc9309-cases.json")));
        List<string> wrong = [];
        int seen = 0;
        foreach (JsonElement item in cases.RootElement.EnumerateArray().Where(item => !item.GetProperty("google_only").GetBoolean()))
        {
            seen++;
            string url = item.GetProperty("url").GetString()!;

            // The file lost this case's letters beyond ASCII: it now says that "Allow: /foo/bar/" forbids /foo/bar/.
            if (item.GetProperty("test").GetString() == "ID_Encoding" && url.EndsWith("/foo/bar/", StringComparison.Ordinal))
            {
                continue;
            }

            int path = url.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? url.IndexOf('/', scheme + 3) : 0;
            string target = path < 0 || url.Length == 0 ? "/" : url[path..];
            RobotsFile robots = RobotsFile.Parse(Encoding.UTF8.GetBytes(item.GetProperty("robots").GetString()!));
            if (robots.Allows(item.GetProperty("agent").GetString()!, target) != item.GetProperty("allowed").GetBoolean())
            {
                wrong.Add(item.GetRawText());
            }
        }

        wrong.ShouldBeEmpty();
        seen.ShouldBeGreaterThan(30);
    }

    [Theory]
    [InlineData("/foo/bar/\u3064", "/foo/bar/%E3%81%A4", false)]
    [InlineData("/foo/bar/%e3%81%a4", "/foo/bar/\u3064", false)]
    [InlineData("/foo/%62%61%7A", "/foo/baz", false)]
    [InlineData("/a%2Fb", "/a/b", true)]
    public void Percent_encoded_and_plain_octets_are_the_same_but_for_reserved_ones(string pattern, string target, bool allowed) =>
        RobotsFile.Parse(Encoding.UTF8.GetBytes($"user-agent: *\ndisallow: {pattern}")).Allows("x", target).ShouldBe(allowed);

    [Fact]
    public void A_whole_user_agent_is_known_by_its_product_token()
    {
        RobotsFile robots = RobotsFile.Parse("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /private\n\nUser-agent: *\nDisallow: /tmp\n"u8);
        const string Agent = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)";

        robots.Allows(Agent, "/private/x").ShouldBeFalse();
        robots.Allows(Agent, "/tmp").ShouldBeTrue();
        robots.Allows("Other/1.0", "/tmp?q").ShouldBeFalse();
        robots.Allows("Other/1.0", "/private").ShouldBeTrue();
        robots.Allows(Agent, "/robots.txt").ShouldBeTrue();
    }

    [Theory]
    [InlineData("/a", "/a/b", true)]
    [InlineData("/a$", "/a", true)]
    [InlineData("/a$", "/a/b", false)]
    [InlineData("/*", "/", true)]
    [InlineData("*", "/x", true)]
    [InlineData("/*.gif$", "/a.gif.gif", true)]
    [InlineData("/*.gif$", "/a.gif?x", false)]
    [InlineData("/*.gif*$", "/a.gif?x", true)]
    [InlineData("/a*b*b$", "/ab", false)]
    [InlineData("/a*b*b$", "/abb", true)]
    [InlineData("/*aab", "/aaaab", true)]
    [InlineData("/*abab*c", "/ababbababac", true)]
    [InlineData("/**x", "/x", true)]
    [InlineData("/a$b", "/a$b", true)]
    [InlineData("/ab*ba", "/aba", false)]
    public void A_star_is_any_run_and_a_final_dollar_the_end(string pattern, string target, bool matches) =>
        new RobotsPattern(Encoding.ASCII.GetBytes(pattern)).Matches(Encoding.ASCII.GetBytes(target), out _).ShouldBe(matches);

    [Fact]
    public void Patterns_match_what_a_regular_expression_of_the_same_meaning_matches()
    {
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            string pattern = "/" + Letters(random, "ab*", 8) + (random.Next(3) == 0 ? "$" : ""), target = "/" + Letters(random, "ab", 12);
            string meaning = "^" + Regex.Escape(pattern.TrimEnd('$')).Replace(@"\*", ".*", StringComparison.Ordinal) + (pattern.EndsWith('$') ? "$" : "");
            new RobotsPattern(Encoding.ASCII.GetBytes(pattern)).Matches(Encoding.ASCII.GetBytes(target), out _)
                .ShouldBe(Regex.IsMatch(target, meaning, RegexOptions.NonBacktracking), $"{pattern} {target}");
        }
    }

    [Theory]
    [InlineData("/*aaaaaaaaaaaaaaab", 2000, "a")]
    [InlineData("/*a*a*a*a*a*a*a*a*ab$", 1, "a")]
    [InlineData("/*abababababababac", 300, "ab")]
    [InlineData("/*?*sort=", 500, "?sort")]
    public void The_steps_of_a_match_grow_with_the_target_and_not_with_the_pattern(string pattern, int times, string target)
    {
        string lengthened = pattern.Replace("aaaa", new string('a', 4 * times), StringComparison.Ordinal).Replace("abab", string.Concat(Enumerable.Repeat("ab", 2 * times)), StringComparison.Ordinal);
        byte[] path = Encoding.ASCII.GetBytes("/" + string.Concat(Enumerable.Repeat(target, 20_000 / target.Length)));

        new RobotsPattern(Encoding.ASCII.GetBytes(lengthened)).Matches(path, out long steps).ShouldBeFalse();

        steps.ShouldBeLessThanOrEqualTo(3L * path.Length + lengthened.Length);
    }

    [Fact]
    public void Agents_named_in_several_groups_have_the_rules_of_all_and_share_them_with_others()
    {
        RobotsFile robots = RobotsFile.Parse("User-agent: a\nUser-agent: b\nDisallow: /x\nUser-agent: a\nDisallow: /y\nAllow: /x/public\n"u8);

        (robots.Allows("a", "/x"), robots.Allows("a", "/y"), robots.Allows("a", "/x/public")).ShouldBe((false, false, true));
        (robots.Allows("b", "/x"), robots.Allows("b", "/y"), robots.Allows("b", "/x/public")).ShouldBe((false, true, false));

        // Ten thousand agents of ten thousand rules: kept once, or this would take a gigabyte.
        long before = GC.GetAllocatedBytesForCurrentThread();
        RobotsFile.Parse(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 10_000).Select(i => $"user-agent:{(char)('a' + (i % 26))}{(char)('a' + (i / 26 % 26))}{(char)('a' + (i / 676))}\n")) + string.Concat(Enumerable.Repeat("allow:/\n", 10_000))));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 * 1024 * 1024);
    }

    [Fact]
    public void Neither_a_hostile_file_nor_a_hostile_pattern_takes_lengthenedor_fails()
    {
        byte[] noise = new byte[RobotsFile.MaxLength * 2];
        new Random(1).NextBytes(noise);
        RobotsFile.Parse(noise).Allows("x", "/").ShouldBeTrue();

        RobotsFile stars = RobotsFile.Parse(Encoding.UTF8.GetBytes($"user-agent: *\ndisallow: /{string.Concat(Enumerable.Repeat("*a", 2000))}$"));
        stars.Allows("x", "/" + new string('a', 8000) + "b").ShouldBeTrue();
    }

    private static string Letters(Random random, string from, int most) => string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => from[random.Next(from.Length)]));

    [Fact]
    public void The_shipped_file_names_training_crawlers_and_lets_search_engines_in()
    {
        RobotsFile robots = RobotsFile.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "content", "robots", "robots.txt")));

        robots.Allows("GPTBot/1.3", "/").ShouldBeFalse();
        robots.Allows("CCBot/2.0 (https://commoncrawl.org/faq/)", "/").ShouldBeFalse();
        robots.Allows("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "/").ShouldBeTrue();
        robots.Allows("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "/").ShouldBeTrue();
    }
}
