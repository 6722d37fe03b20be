using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Whorl.Kernel;

namespace Whorl.Tests.Kernel;

public sealed class NetworkTests
{
    // Few different byte values, so that addresses share prefixes often and "::" has something to shorten.
    private static readonly Gen<IPAddress> V4 = Gen.Elements<byte>(0, 1, 10, 127, 128, 255).ListOf(4).Select(bytes => new IPAddress([.. bytes]));
    private static readonly Gen<IPAddress> V6 = Gen.Elements<byte>(0, 1, 10, 32, 128, 255).ListOf(16).Select(bytes => new IPAddress([.. bytes]));
    private static readonly Arbitrary<IPAddress> Addresses = Gen.OneOf(V4, V6).ToArbitrary();

    [Fact]
    public void Every_address_survives_the_number_and_the_text() => Prop.ForAll(Addresses, address =>
    {
        PeerAddress peer = PeerAddress.From(address);
        IPAddress expected = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return peer.ToIPAddress().Equals(expected)
            && PeerAddress.TryParse(address.ToString(), out PeerAddress parsed) && parsed == peer
            && PeerAddress.TryParse(peer.ToString(), out PeerAddress again) && again == peer;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_text_written_without_allocating_is_the_text() => Prop.ForAll(Addresses, address =>
    {
        PeerAddress peer = PeerAddress.From(address);
        Span<byte> written = stackalloc byte[PeerAddress.MaxTextLength];
        return System.Text.Encoding.ASCII.GetString(written[..peer.Write(written)]) == peer.ToString();
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_mapped_address_is_the_ipv4_address_it_maps()
    {
        PeerAddress.TryParse("::ffff:192.0.2.1", out PeerAddress mapped).ShouldBeTrue();
        PeerAddress.TryParse("192.0.2.1", out PeerAddress plain).ShouldBeTrue();

        mapped.ShouldBe(plain);
        mapped.ToString().ShouldBe("192.0.2.1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.256")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("010.0.0.1")]
    [InlineData("1.2.3.04")]
    [InlineData("127.0.0.1:80")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("fe80::1%eth0")]
    [InlineData("1.2.3./4")]
    [InlineData(":::")]
    [InlineData("example.com")]
    public void What_is_no_plain_address_is_refused(string text) => PeerAddress.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_prefix_holds_what_the_framework_says_it_holds()
    {
        Gen<(IPAddress, IPAddress, int)> v4 = from a in V4 from b in V4 from n in Gen.Choose(0, 32) select (a, b, n);
        Gen<(IPAddress, IPAddress, int)> v6 = from a in V6 from b in V6 from n in Gen.Choose(0, 128) where !a.IsIPv4MappedToIPv6 && !b.IsIPv4MappedToIPv6 select (a, b, n);

        Prop.ForAll(Gen.OneOf(v4, v6).ToArbitrary(), sample =>
        {
            (IPAddress address, IPAddress other, int length) = sample;
            IPNetwork expected = new(Masked(address, length), length);
            return Network.TryParse($"{address}/{length}", out Network network)
                && network.ToString() == expected.ToString()
                && network.Contains(PeerAddress.From(address))
                && network.Contains(network.First) && network.Contains(network.Last)
                && network.Contains(PeerAddress.From(other)) == expected.Contains(other)
                && Network.TryParse(network.ToString(), out Network again) && again == network;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData(" 192.0.2.77/24 ", "192.0.2.0/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("2001:db8:ffff::/32", "2001:db8::/32")]
    [InlineData("::/0", "::/0")]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.0/24")]
    public void A_prefix_is_read_and_written_in_one_form(string text, string canonical)
    {
        Network.TryParse(text, out Network network).ShouldBeTrue();

        network.ToString().ShouldBe(canonical);
    }

    [Theory]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/+8")]
    [InlineData("192.0.2.0/")]
    [InlineData("192.0.2.0/ 8")]
    [InlineData("192.0.2.0/8/8")]
    [InlineData("2001:db8::/129")]
    [InlineData("/8")]
    [InlineData("192.0.2.0/255.255.255.0")]
    public void What_is_no_prefix_is_refused(string text) => Network.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void All_of_ipv6_holds_ipv4_in_its_mapped_form_and_all_of_ipv4_holds_no_ipv6()
    {
        Network.TryParse("::/0", out Network all).ShouldBeTrue();
        Network.TryParse("0.0.0.0/0", out Network v4).ShouldBeTrue();
        PeerAddress.TryParse("192.0.2.1", out PeerAddress address).ShouldBeTrue();
        PeerAddress.TryParse("2001:db8::1", out PeerAddress other).ShouldBeTrue();

        all.Contains(address).ShouldBeTrue();
        v4.Contains(address).ShouldBeTrue();
        v4.Contains(other).ShouldBeFalse();
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }
}
