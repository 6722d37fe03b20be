using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Edge.Connections;

namespace Whorl.Tests.Edge.Connections;

/// <summary>Vectors after haproxy's doc/proxy-protocol.txt; the binary ones are what haproxy 2.6 sends with send-proxy-v2 (see the live tests).</summary>
public sealed class ProxyHeaderTests
{
    private static readonly byte[] V2Tcp4 = Convert.FromHexString("0D0A0D0A000D0A515549540A2111000CCB007109C0000201EA6001BB");
    private static readonly byte[] V2Tcp6 = Convert.FromHexString("0D0A0D0A000D0A515549540A2121002420010DB800000000000000000000000920010DB8000000000000000000000001EA6001BB");
    private static readonly byte[] V2Local = Convert.FromHexString("0D0A0D0A000D0A515549540A20000000");

    public static TheoryData<byte[], string?, int> Good => new()
    {
        { "PROXY TCP4 203.0.113.9 192.0.2.1 60000 443\r\n"u8.ToArray(), "203.0.113.9", 60000 },
        { "PROXY TCP6 2001:db8::9 2001:db8::1 60000 443\r\n"u8.ToArray(), "2001:db8::9", 60000 },
        { "PROXY UNKNOWN\r\n"u8.ToArray(), null, 0 },
        { "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"u8.ToArray(), null, 0 },
        { V2Tcp4, "203.0.113.9", 60000 },
        { V2Tcp6, "2001:db8::9", 60000 },
        { V2Local, null, 0 },
        { WithTlv(V2Tcp4), "203.0.113.9", 60000 },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void A_header_gives_the_source_and_its_length(byte[] header, string? source, int port)
    {
        byte[] stream = [.. header, .. "GET / HTTP/1.1\r\n"u8];

        ProxyHeader.TryParse(stream, out ProxyHeader parsed, out int consumed).ShouldBe(ParseStatus.Done);

        parsed.Source?.ToString().ShouldBe(source);
        parsed.SourcePort.ShouldBe(port);
        consumed.ShouldBe(header.Length);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PROXY TCP4 203.0.113.9 192.0.2.1 60000\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP6 203.0.113.9 192.0.2.1 1 2\r\n")]
    [InlineData("PROXY TCP4 203.0.113.9 192.0.2.1 70000 443\r\n")]
    [InlineData("PROXY TCP4 203.0.113.9 192.0.2.1 0443 443\r\n")]
    [InlineData("PROXY TCP4 203.0.113.009 192.0.2.1 1 443\r\n")]
    [InlineData("PROXY TCP4  203.0.113.9 192.0.2.1 1 443\r\n")]
    [InlineData("PROXY TCP5 203.0.113.9 192.0.2.1 1 443\r\n")]
    public void What_is_no_header_is_malformed(string line) =>
        ProxyHeader.TryParse(Encoding.ASCII.GetBytes(line), out _, out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void A_line_without_end_is_malformed_at_107_bytes()
    {
        byte[] line = [.. "PROXY "u8, .. Enumerable.Repeat((byte)'A', 200)];

        ProxyHeader.TryParse(line.AsSpan(0, 106), out _, out _).ShouldBe(ParseStatus.NeedMore);
        ProxyHeader.TryParse(line.AsSpan(0, 107), out _, out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void A_length_beyond_the_cap_is_malformed_at_once()
    {
        byte[] header = [.. V2Tcp4];
        header[14] = 0xFF;

        ProxyHeader.TryParse(header, out _, out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Every_truncation_asks_for_more()
    {
        foreach (byte[] header in (byte[][])[V2Tcp4, V2Tcp6, V2Local, "PROXY TCP4 203.0.113.9 192.0.2.1 60000 443\r\n"u8.ToArray()])
        {
            for (int length = 0; length < header.Length; length++)
            {
                ProxyHeader.TryParse(header.AsSpan(0, length), out _, out int consumed).ShouldBe(ParseStatus.NeedMore);
                consumed.ShouldBe(0);
            }
        }
    }

    [Fact]
    public void Every_bit_flip_gives_a_status_and_never_more_than_was_there()
    {
        foreach (byte[] header in (byte[][])[V2Tcp4, V2Tcp6, WithTlv(V2Tcp4), "PROXY TCP6 2001:db8::9 2001:db8::1 60000 443\r\n"u8.ToArray()])
        {
            for (int bit = 0; bit < header.Length * 8; bit++)
            {
                byte[] flipped = [.. header];
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                ProxyHeader.TryParse(flipped, out _, out int consumed);
                consumed.ShouldBeInRange(0, flipped.Length);
            }
        }
    }

    // PP2_TYPE_AUTHORITY with a name of four bytes behind the addresses.
    private static byte[] WithTlv(byte[] header)
    {
        byte[] longer = [.. header, 0x02, 0x00, 0x04, (byte)'a', (byte)'.', (byte)'d', (byte)'e'];
        longer[15] += 7;
        return longer;
    }
}
