using Whorl.Delivery.Cli.Probing;

namespace Whorl.Tests.Probes;

public sealed class TargetTextTests
{
    [Theory]
    [InlineData("198.51.100.7", "198.51.100.7", 0)]
    [InlineData("198.51.100.7:8443", "198.51.100.7", 8443)]
    [InlineData("example.com:65535", "example.com", 65535)]
    [InlineData("2001:db8::1", "2001:db8::1", 0)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 0)]
    [InlineData("[2001:db8::1]:22", "2001:db8::1", 22)]
    public void A_target_is_read_as_people_write_it(string text, string host, int port)
    {
        TargetText.TryParse(text, out TargetText? target).ShouldBeTrue();
        (target!.Host, (int)target.Port).ShouldBe((host, port));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":443")]
    [InlineData("example.com:")]
    [InlineData("example.com:0")]
    [InlineData("example.com:65536")]
    [InlineData("example.com:-1")]
    [InlineData("https://example.com")]
    [InlineData("example.com/path")]
    [InlineData("two words")]
    [InlineData("[::1")]
    [InlineData("[::1]22")]
    [InlineData("[::1]:")]
    [InlineData("[example.com]:22")]
    [InlineData("bell\u0007")]
    public void What_is_no_target_is_refused(string text) => TargetText.TryParse(text, out _).ShouldBeFalse();
}
