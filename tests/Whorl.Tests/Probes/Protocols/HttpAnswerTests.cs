using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Probes.Protocols.Http;

namespace Whorl.Tests.Probes.Protocols;

public sealed class HttpAnswerTests
{
    private static readonly byte[] Chunked = Encoding.ASCII.GetBytes(
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nServer: nginx\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");

    [Fact]
    public void A_chunked_answer_is_put_together_and_interim_ones_are_passed_over()
    {
        HttpAnswer.TryParse(Chunked, out HttpAnswer? answer).ShouldBe(ParseStatus.Done);
        answer!.Status.ShouldBe(200);
        answer.FieldOrder.ShouldBe("Server,Transfer-Encoding,X-A");
        answer.Field("server").ShouldBe("nginx");
        answer.Body(Chunked).ShouldBe("hello world"u8.ToArray());
        answer.IsWhole(Chunked).ShouldBeTrue();
        answer.IsWhole(Chunked.AsSpan(0, Chunked.Length - 5)).ShouldBeFalse();
    }

    [Fact]
    public void A_chunked_answer_is_whole_with_its_last_byte_but_the_end_of_its_line_however_it_comes()
    {
        HttpAnswer.TryParse(Chunked, out HttpAnswer? answer).ShouldBe(ParseStatus.Done);
        int whole = Enumerable.Range(answer!.HeadLength, Chunked.Length - answer.HeadLength + 1).First(length => answer.IsWhole(Chunked.AsSpan(0, length)));
        whole.ShouldBe(Chunked.Length - 2);
        answer.Body(Chunked).ShouldBe("hello world"u8.ToArray());
    }

    [Theory]
    [InlineData("HTTP/1.0 200 \nServer:x\n\nbody", 200, "body", false)]
    [InlineData("HTTP/1.1 404\r\nContent-Length: 3\r\n\r\nabcdef", 404, "abc", true)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true)]
    [InlineData("HTTP/1.1 301 Moved\r\nContent-Length: 99999999999999999999\r\n\r\nabc", 301, "abc", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc", 200, "", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\nabc", 200, "", false)]
    public void Other_forms_are_read_as_browsers_read_them(string text, int status, string body, bool whole)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        HttpAnswer.TryParse(bytes, out HttpAnswer? answer).ShouldBe(ParseStatus.Done);
        answer!.Status.ShouldBe(status);
        Encoding.ASCII.GetString(answer.Body(bytes)).ShouldBe(body);
        answer.IsWhole(bytes).ShouldBe(whole);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1\r\n\r\n")]
    public void What_is_no_answer_is_malformed(string text) => HttpAnswer.TryParse(Encoding.ASCII.GetBytes(text), out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void A_head_without_end_is_given_up()
    {
        HttpAnswer.TryParse(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nX: " + new string('a', 70_000)), out _).ShouldBe(ParseStatus.Malformed);
        HttpAnswer.TryParse(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("a:b\r\n", 300)) + "\r\n"), out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Every_truncation_asks_for_more_and_no_flipped_bit_throws()
    {
        int head = Chunked.AsSpan().LastIndexOf("X-A: 1\r\n\r\n"u8) + 10;
        for (int n = 0; n < head; n++)
        {
            HttpAnswer.TryParse(Chunked.AsSpan(0, n), out _).ShouldBe(ParseStatus.NeedMore);
        }

        byte[] bytes = [.. Chunked];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            if (HttpAnswer.TryParse(bytes, out HttpAnswer? answer) == ParseStatus.Done)
            {
                answer!.Body(bytes).Length.ShouldBeLessThanOrEqualTo(bytes.Length);
                answer.IsWhole(bytes);
            }

            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData("<html><head><TITLE lang=en>\n  Welcome &amp;\tback </TITLE>", "Welcome & back")]
    [InlineData("<titles>no</titles><title>yes</title>", null)]
    [InlineData("<title>never ends", "never ends")]
    [InlineData("<title></title>", null)]
    [InlineData("<title", null)]
    [InlineData("no page at all", null)]
    public void A_title_is_found_as_browsers_show_it(string html, string? title) => HtmlTitle.Find(Encoding.UTF8.GetBytes(html)).ShouldBe(title);

    [Fact]
    public void A_title_in_latin_1_is_read_as_such() => HtmlTitle.Find([.. "<title>caf"u8, 0xE9, .. "</title>"u8]).ShouldBe("café");
}
