using System.Text;
using Whorl.Sources.Sites.Pages;

namespace Whorl.Tests.Sites.Pages;

public sealed class PageCharsetTests
{
    [Theory]
    [InlineData("EFBBBFD0BF", "text/html; charset=windows-1251", "utf-8", "п")]
    [InlineData("FFFE3F04", null, "utf-16le", "п")]
    [InlineData("FEFF043F", null, "utf-16be", "п")]
    [InlineData("EF", "text/html;charset=\"windows-1251\"", "windows-1251", "п")]
    [InlineData("D0", "text/html; charset=koi8-r", "koi8-r", "п")]
    [InlineData("D0BF", "text/html; charset=nonsense", "utf-8", "п")]
    [InlineData("8065", null, "windows-1252", "€e")]
    [InlineData("E9", "text/html; charset=ISO-8859-1", "windows-1252", "é")]
    [InlineData("80", "text/html; charset=latin1", "windows-1252", "€")]
    [InlineData("93FA967B", "text/html; charset=Shift_JIS", "shift_jis", "日本")]
    [InlineData("C8D5B1BE", "text/html; charset=gb2312", "gb18030", "日本")]
    [InlineData("A4E9A5BB", "text/html; charset=big5", "big5", "日本")]
    [InlineData("C6FCCBDC", "text/html; charset=euc-jp", "euc-jp", "日本")]
    [InlineData("B0A1", "text/html; charset=euc-kr", "euc-kr", "가")]
    [InlineData("C3A920C3", null, "utf-8", "é \uFFFD")]
    [InlineData("41", "text/html; charset=utf-7", "utf-8", "A")]
    [InlineData("C1", "text/html; charset=ibm037", "windows-1252", "Á")]
    public void Bytes_become_the_text_that_a_browser_shows(string hex, string? contentType, string charset, string text)
    {
        (string decoded, string name) = PageCharset.Decode(Convert.FromHexString(hex), contentType);

        name.ShouldBe(charset);
        decoded.ShouldBe(text);
    }

    [Theory]
    [InlineData("<meta charset=windows-1251>", "windows-1251")]
    [InlineData("<!-- <meta charset=koi8-r> --><META HTTP-EQUIV='Content-Type' content='text/html; charset = windows-1251'>", "windows-1251")]
    [InlineData("<meta charset=utf-16>", "utf-8")]
    [InlineData("<meta content='charset=koi8-r'>", "windows-1252")]
    public void The_page_itself_may_name_its_charset(string head, string charset) =>
        PageCharset.Decode([.. Encoding.ASCII.GetBytes(head), 0xEF, 0x41], null).Name.ShouldBe(charset);

    [Fact]
    public void A_charset_beyond_the_first_1024_bytes_is_not_seen() =>
        PageCharset.Decode([.. Encoding.ASCII.GetBytes(new string(' ', 1024) + "<meta charset=windows-1251>"), 0xEF, 0x41], null).Name.ShouldBe("windows-1252");
}
