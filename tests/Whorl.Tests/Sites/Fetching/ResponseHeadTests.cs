using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Fetching.Wire;

namespace Whorl.Tests.Sites.Fetching;

public sealed class ResponseHeadTests
{
    private static readonly byte[] Head = "HTTP/1.1 200 OK\r\nServer: nginx\r\nX: a\r\n b\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\nhello"u8.ToArray();

    [Fact]
    public void A_head_is_read_byte_by_byte_as_at_once()
    {
        int scanned = 0, end = Head.Length - 5;
        for (int n = 0; n < end; n++)
        {
            ResponseHead.TryRead(Head.AsSpan(0, n), ref scanned, out _, out _).ShouldBe(ParseStatus.NeedMore, $"{n}");
        }

        ResponseHead.TryRead(Head.AsSpan(0, end), ref scanned, out ResponseHead? head, out int consumed).ShouldBe(ParseStatus.Done);
        consumed.ShouldBe(end);
        (head!.Protocol, head.Status, head.Framing, head.Length, head.KeepAlive).ShouldBe(("1.1", 200, BodyFraming.Length, 5L, true));
        head.Headers.Select(each => $"{each.Name}={each.Value}").ShouldBe(["Server=nginx", "X=a b", "Content-Length=5", "Connection=Keep-Alive"]);
    }

    [Fact]
    public void No_flipped_bit_throws()
    {
        for (int bit = 0; bit < Head.Length * 8; bit++)
        {
            byte[] bytes = [.. Head];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            int scanned = 0;
            ParseStatus status = ResponseHead.TryRead(bytes, ref scanned, out ResponseHead? head, out int consumed);
            (status == ParseStatus.Done).ShouldBe(head is not null);
            consumed.ShouldBeLessThanOrEqualTo(bytes.Length);
        }
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\n\r\n", "UntilClose", false)]
    [InlineData("HTTP/1.0 200\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "Length", true)]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n", "Length", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", "Chunked", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\n", "UntilClose", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n", "Length", true)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "None", true)]
    public void The_end_of_a_body_is_known_as_the_standard_says(string text, string framing, bool keeps)
    {
        int scanned = 0;
        ResponseHead.TryRead(Encoding.Latin1.GetBytes(text), ref scanned, out ResponseHead? head, out _).ShouldBe(ParseStatus.Done);
        ($"{head!.Framing}", head.KeepAlive).ShouldBe((framing, keeps));
    }

    [Theory]
    [InlineData("0; url=/next", "/next")]
    [InlineData("0;URL='/a b'", "/a b")]
    [InlineData(" 3 , url = \"/q\" ", "/q")]
    [InlineData("0;/bare", "/bare")]
    [InlineData(".5;url=/half", "/half")]
    [InlineData("0; urlish", "urlish")]
    [InlineData("5", null)]
    [InlineData("0;", null)]
    [InlineData("0 url=/space", "/space")]
    [InlineData("30x; url=/y", null)]
    [InlineData("16;url=/late", null)]
    [InlineData("999999999999;url=/late", null)]
    [InlineData("url=/no", null)]
    [InlineData("", null)]
    public void A_refresh_is_read_as_browsers_do(string value, string? target) =>
        (Redirect.InHead(new("1.1", 200, [new("Refresh", value)], BodyFraming.None, 0, false))?.Target).ShouldBe(target);

    [Theory]
    [InlineData("https://user:pw@example.com:443/a?b#c", "https://example.com/a?b")]
    [InlineData("http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4")]
    [InlineData("HTTP://Example.COM:8080/x", "http://example.com:8080/x")]
    [InlineData("http://[2001:DB8::1]/", "http://[2001:db8::1]/")]
    public void An_address_has_one_form(string text, string form) => WebAddress.Read(text, out _)!.AbsoluteUri.ShouldBe(form);
}
