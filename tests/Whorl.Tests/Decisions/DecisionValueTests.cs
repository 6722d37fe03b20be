using Whorl.Analysis.Decisions;
using Whorl.Kernel;

namespace Whorl.Tests.Decisions;

public sealed class DecisionValueTests
{
    [Theory]
    [InlineData("Ip", " 203.0.113.9 ", "203.0.113.9")]
    [InlineData("Ip", "2001:0DB8::0009", "2001:db8::9")]
    [InlineData("Ip", "::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("Range", "203.0.113.77/24", "203.0.113.0/24")]
    [InlineData("Range", "2001:DB8:1::1/32", "2001:db8::/32")]
    [InlineData("Asn", "AS64496", "64496")]
    [InlineData("Asn", "4294967295", "4294967295")]
    [InlineData("Country", "nl", "NL")]
    [InlineData("Ja4", "T13D1516H2_8DAAF6152771_B186095E22B6", "t13d1516h2_8daaf6152771_b186095e22b6")]
    [InlineData("Session", "aZ09-_.~+/=", "aZ09-_.~+/=")]
    public void A_value_becomes_canonical(string scope, string text, string expected)
    {
        DecisionValue.TryCanonicalise(Enum.Parse<DecisionScope>(scope), text, force: false, out string value, out string fault).ShouldBeTrue(fault);
        value.ShouldBe(expected);
    }

    [Theory]
    [InlineData("Ip", "203.0.113.0/24")]
    [InlineData("Ip", "1")]
    [InlineData("Range", "203.0.113.0/33")]
    [InlineData("Range", "everywhere")]
    [InlineData("Asn", "0")]
    [InlineData("Asn", "AS")]
    [InlineData("Asn", "4294967296")]
    [InlineData("Asn", "-5")]
    [InlineData("Country", "NLD")]
    [InlineData("Country", "N1")]
    [InlineData("Ja4", "t13d1516h2_8daaf6152771")]
    [InlineData("Session", "")]
    [InlineData("Session", "a\u001b[31m")]
    public void What_means_nothing_is_refused_with_a_reason(string scope, string text)
    {
        DecisionValue.TryCanonicalise(Enum.Parse<DecisionScope>(scope), text, force: true, out _, out string fault).ShouldBeFalse();
        fault.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("10.0.0.0/7")]
    [InlineData("::/0")]
    [InlineData("2001::/15")]
    public void A_prefix_that_hits_a_large_part_of_the_internet_must_be_forced(string text)
    {
        DecisionValue.TryCanonicalise(DecisionScope.Range, text, force: false, out _, out string fault).ShouldBeFalse();
        fault.ShouldContain("force");
        DecisionValue.TryCanonicalise(DecisionScope.Range, text, force: true, out _, out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("4h", 4 * 3600)]
    [InlineData("7d", 7 * 86_400)]
    [InlineData("2w", 14 * 86_400)]
    [InlineData("1h30m", 5400)]
    [InlineData("3h59m52s", 14_392)]
    [InlineData("1h59m58.5s", 7198.5)]
    [InlineData("90s", 90)]
    public void A_term_is_read(string text, double seconds)
    {
        DecisionTerm.TryParse(text, out TimeSpan term).ShouldBeTrue();
        term.TotalSeconds.ShouldBe(seconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("4")]
    [InlineData("h")]
    [InlineData("-4h")]
    [InlineData("0s")]
    [InlineData("4h ago")]
    [InlineData("1.2.3s")]
    [InlineData("999999w")]
    public void What_is_no_term_is_refused(string text) => DecisionTerm.TryParse(text, out _).ShouldBeFalse();
}
