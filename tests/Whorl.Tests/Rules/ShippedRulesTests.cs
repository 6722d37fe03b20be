using Whorl.Analysis.Rules;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Tests.Rules;

public sealed class ShippedRulesTests
{
    [Fact]
    public void The_files_have_no_faults() => ShippedRules.Source.Faults.ShouldBeEmpty();

    [Fact]
    public void The_tests_inside_the_files_come_out_as_written()
    {
        RuleTestRun run = RuleTestRun.Of(ShippedRules.Compiled);
        run.Failures.Select(failure => $"{failure.Test.Place} {failure.Rule.Info.Id}: expected {failure.Expected}, got {failure.Got}").ShouldBeEmpty();
        run.Tests.ShouldBeGreaterThan(60);
    }

    [Fact]
    public void Every_rule_is_tested_both_ways()
    {
        foreach (RuleDefinition rule in ShippedRules.Source.Rules)
        {
            rule.Tests.ShouldContain(test => test.Match, rule.Info.Id);
            rule.Tests.ShouldContain(test => !test.Match, rule.Info.Id);
        }
    }

    [Theory]
    [InlineData("GPTBot/1.2", true)]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", false)]
    [InlineData("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", false)]
    [InlineData("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 10 subscribers; like FeedFetcher-Google)", false)]
    [InlineData("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", false)]
    [InlineData("curl/8.5.0", false)]
    [InlineData("Mozilla/5.0", false)]
    public void A_client_is_refused_by_name_alone_or_not(string userAgent, bool refused) =>
        Sight.Of(new FactBag().With(Fields.HttpUserAgent, userAgent).With(Fields.HttpMethod, "GET")).Refused.ShouldBe(refused);

    [Fact]
    public void A_claimed_search_robot_is_not_exempt_from_other_rules()
    {
        FactBag facts = new FactBag()
            .With(Fields.HttpUserAgent, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
            .With(Fields.HttpMethod, "GET").With(Fields.HttpPath, "/.git/config");
        Sight.Of(facts).Refused.ShouldBeTrue();
    }
}
