using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Tests.Edge;

public sealed class ClientAddressTests
{
    private static readonly TrustedProxies Trusted = new([Net("10.0.0.0/8"), Net("2001:db8:1::/48")]);

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("1.1.1.1, 203.0.113.9", "203.0.113.9")]
    [InlineData("1.1.1.1, 203.0.113.9, 10.1.1.1", "203.0.113.9")]
    [InlineData("10.1.1.1, 10.2.2.2", "10.1.1.1")]
    [InlineData("203.0.113.9:4711", "203.0.113.9")]
    [InlineData("[2001:db8::7]:80", "2001:db8::7")]
    [InlineData("2001:db8::7", "2001:db8::7")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9, junk", "10.9.9.9")]
    [InlineData("203.0.113.9, , 10.1.1.1", "10.1.1.1")]
    [InlineData("unknown", "10.9.9.9")]
    [InlineData("010.1.1.1", "10.9.9.9")]
    [InlineData("", "10.9.9.9")]
    [InlineData(null, "10.9.9.9")]
    public void The_chain_is_walked_from_the_right_while_it_is_trusted(string? chain, string client) =>
        Trusted.Walk(Address("10.9.9.9"), chain, forwarded: false).ToString().ShouldBe(client);

    [Theory]
    [InlineData("for=203.0.113.9", "203.0.113.9")]
    [InlineData("for=1.1.1.1, for=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1", "2001:db8::7")]
    [InlineData("For=203.0.113.9, for=10.1.1.1", "203.0.113.9")]
    [InlineData("for=_hidden", "10.9.9.9")]
    [InlineData("by=1.2.3.4", "10.9.9.9")]
    public void Forwarded_is_read_the_same_way(string chain, string client) =>
        Trusted.Walk(Address("10.9.9.9"), chain, forwarded: true).ToString().ShouldBe(client);

    [Fact]
    public void A_long_chain_costs_no_more_than_its_limit() =>
        Trusted.Walk(Address("10.9.9.9"), "203.0.113.9, " + string.Join(", ", Enumerable.Repeat("10.0.0.1", 10_000)), forwarded: false).ToString().ShouldBe("10.0.0.1");

    [Theory]
    [InlineData(false, "127.0.0.1", "true")]
    [InlineData(true, "203.0.113.9", "false")]
    public async Task A_stranger_cannot_choose_its_address_and_a_trusted_proxy_can_name_it(bool trusted, string client, string direct)
    {
        await using RawUpstream upstream = RawUpstream.Answering(RawUpstream.Ok("x"));
        await using TestEdge edge = await TestEdge.StartAsync(options => options.TrustedProxies = trusted ? ["127.0.0.0/8"] : [], upstream.Url);
        PeerAddress judged = default;
        edge.Judge.Says = (_, keys, _) =>
        {
            judged = keys.Address;
            return default;
        };

        await edge.RawAsync("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nForwarded: for=198.51.100.1\r\nConnection: close\r\n\r\n");

        judged.ToString().ShouldBe(client);
        string head = upstream.Heads.First(text => !text.Contains("robots", StringComparison.Ordinal));
        head.ShouldContain($"\r\nX-Forwarded-For: {client}\r\n");
        head.ShouldContain(trusted ? "\r\nX-Forwarded-Proto: https\r\n" : "\r\nX-Forwarded-Proto: http\r\n");
        head.ShouldNotContain("198.51.100.1");
        Observation seen = (await edge.ObservationsAsync(1)).Single();
        seen.Get("client.ip").ShouldBe(client);
        seen.Attributes.GetProperty("client.direct").GetRawText().ShouldBe(direct);
    }

    private static PeerAddress Address(string text) => PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new FormatException(text);

    private static Network Net(string text) => Network.TryParse(text, out Network network) ? network : throw new FormatException(text);
}
