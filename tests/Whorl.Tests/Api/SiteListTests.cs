using Whorl.Delivery.Api.Sites;
using Whorl.Kernel.Writing;

namespace Whorl.Tests.Api;

/// <summary>Lists of sites as people send them, and lists as we send them out.</summary>
public sealed class SiteListTests
{
    [Theory]
    [InlineData("https://Shop.Example/A?b=c#d", "https://shop.example/A?b=c")]
    [InlineData("shop.example", "http://shop.example/")]
    [InlineData("hxxps://shop[.]example/x", "https://shop.example/x")]
    [InlineData("HXXP://shop(.)example:8080", "http://shop.example:8080/")]
    [InlineData("https://shop.example:443/", "https://shop.example/")]
    [InlineData("https://bücher.example/", "https://xn--bcher-kva.example/")]
    [InlineData("http://203.0.113.9/", "http://203.0.113.9/")]
    [InlineData("http://[2001:DB8::1]/", "http://[2001:db8::1]/")]
    public void A_site_is_read_in_the_form_that_makes_equal_ones_equal(string text, string url) => SiteList.Read(text).Urls.ShouldHaveSingleItem().ShouldBe(url);

    [Theory]
    [InlineData("ftp://shop.example/", "only http and https")]
    [InlineData("javascript:alert(1)", "")]
    [InlineData("https://", "no address")]
    [InlineData("localhost", "no public name")]
    [InlineData("https://user:secret@shop.example/", "user name")]
    [InlineData("two words here", "no public name")]
    public void What_is_no_site_is_refused_with_its_line_and_why(string text, string why)
    {
        SiteList read = SiteList.Read("\n\n" + text);
        read.Urls.ShouldBeEmpty();
        RefusedLine refused = read.Refused.ShouldHaveSingleItem();
        (refused.Line, refused.Reason.Contains(why, StringComparison.Ordinal)).ShouldBe((3, true), refused.Reason);
    }

    [Fact]
    public void A_header_says_which_column_is_meant_and_quotes_and_other_separators_are_read()
    {
        SiteList.Read("\ufeffreported;URL;note\n2026-01-01;\"https://a.example/;x\";\"said \"\"no\"\"\"\n2026-01-02;b.example;\n").Urls.ShouldBe(["https://a.example/;x", "http://b.example/"]);
        SiteList.Read("c.example,phishing\n\"d.example\",x\nhttps://e.example/a,b\n").Urls.ShouldBe(["http://c.example/", "http://d.example/", "https://e.example/a,b"]);
    }

    [Fact]
    public void Twins_are_counted_and_a_flood_of_lines_ends()
    {
        SiteList read = SiteList.Read("a.example\nA.example\nhttp://a.example/\n" + string.Concat(Enumerable.Range(0, SiteList.MaxLines).Select(i => $"n{i}.example\n")));
        read.Doubled.ShouldBe(2);
        read.Urls.Count.ShouldBe(SiteList.MaxLines - 2);
        read.Refused.ShouldHaveSingleItem().Reason.ShouldContain("only 20000 lines");
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+49", "'+49")]
    [InlineData("-2+3", "'-2+3")]
    [InlineData("-", "'-")]
    [InlineData("-.5", "'-.5")]
    [InlineData("- 2", "'- 2")]
    [InlineData("-2", "-2")]
    [InlineData("-247388890", "-247388890")]
    [InlineData("-0.25", "-0.25")]
    [InlineData("@x", "'@x")]
    [InlineData("  =1", "'  =1")]
    [InlineData("\t=1", "' =1")]
    [InlineData("=a,\"b\"", "\"'=a,\"\"b\"\"\"")]
    [InlineData("plain", "plain")]
    [InlineData("a\r\nb", "a  b")]
    [InlineData("", "")]
    public void What_a_spreadsheet_would_run_gets_a_quote(string value, string field) => CsvRow.Cell(value).ShouldBe(field);
}
