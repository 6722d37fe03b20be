using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites;

public sealed class SiteAddressTests
{
    [Theory]
    [InlineData("Example.COM", "http://example.com/", "example.com")]
    [InlineData(" https://example.com:443/A?b=C#d ", "https://example.com/A?b=C", "example.com")]
    [InlineData("http://example.com:8080", "http://example.com:8080/", "example.com")]
    [InlineData("hxxps://bad[.]example[.]com/x", "https://bad.example.com/x", "bad.example.com")]
    [InlineData("hxxps[:]//bad[.]example/", "https://bad.example/", "bad.example")]
    [InlineData("hxxps[://]bad[.]example/", "https://bad.example/", "bad.example")]
    [InlineData("evil.example/r?u=https://bank.example", "http://evil.example/r?u=https://bank.example", "evil.example")]
    [InlineData("http://b\u00fccher.example/stra\u00dfe", "http://xn--bcher-kva.example/stra%C3%9Fe", "xn--bcher-kva.example")]
    [InlineData("http://[2001:DB8::1]:81/", "http://[2001:db8::1]:81/", "2001:db8::1")]
    [InlineData("http://192.0.2.1/", "http://192.0.2.1/", "192.0.2.1")]
    [InlineData("example.com.", "http://example.com/", "example.com")]
    public void One_site_has_one_address(string text, string url, string site)
    {
        SiteAddress.TryParse(text, out SiteAddress? address).ShouldBeTrue();
        address.ShouldBe(new(url, site));
        SiteAddress.TryParse(url, out SiteAddress? again).ShouldBeTrue();
        again.ShouldBe(address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("ftp://example.com/")]
    [InlineData("http://user:secret@example.com/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("http://")]
    [InlineData("two words")]
    [InlineData("http://a\u0000b/")]
    [InlineData("http://example.com:0/")]
    public void What_is_no_address_of_a_site_is_refused(string text) => SiteAddress.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_long_address_is_refused() => SiteAddress.TryParse("http://example.com/" + new string('a', SiteAddress.MaxLength), out _).ShouldBeFalse();
}
