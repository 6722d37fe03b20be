using System.Text;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Html;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Pages;

public sealed class HostilePageTests
{
    private const string Sample = "<!doctype html><html lang=a><head><meta charset=utf-8><base href=/b/><title>t&amp;</title><link rel=icon href=a><meta http-equiv=refresh content='0;url=b'></head><body><!-- c --!><form action='//x.example'><input type=password name=\"p\"></form><svg><![CDATA[d]]></svg><script>e</script><textarea>&#x1F600;&copy</textarea></body></html>";

    private static readonly PageReader Reader = new(IdentityCatalog.Empty);
    private static readonly Uri Site = new("https://a.example/");

    [Theory]
    [InlineData("<a>", 1_000_000)]
    [InlineData("<div>", 100_000)]
    [InlineData("<p><b><i><table><tr><td>", 40_000)]
    [InlineData("<x a=1 b=2", 300_000)]
    [InlineData("<!--", 500_000)]
    [InlineData("</div>", 300_000)]
    [InlineData("<svg><title>", 100_000)]
    [InlineData("&amp", 500_000)]
    [InlineData("<script><!--", 200_000)]
    [InlineData("<form><input name=a>", 100_000)]
    [InlineData("<a href=https://a.b>", 100_000)]
    public void A_page_made_to_exhaust_is_read_to_its_bounds(string piece, int times)
    {
        string html = string.Concat(Enumerable.Repeat(piece, times));
        PageFacts page = Read(Encoding.ASCII.GetBytes(html));

        page.Elements.ShouldBeLessThanOrEqualTo(HtmlTree.MaxElements);
        page.Depth.ShouldBeLessThanOrEqualTo(HtmlTree.MaxDepth);
        page.Cut.ShouldBe(page.Elements == HtmlTree.MaxElements || page.Depth == HtmlTree.MaxDepth);
        page.Forms.Count.ShouldBeLessThanOrEqualTo(20);
    }

    [Theory]
    [InlineData("<noscript><meta http-equiv=refresh content='0;url=/brand'></noscript>")]
    [InlineData("<template><meta http-equiv=refresh content='0;url=/brand'></template>")]
    [InlineData("<meta http-equiv=refresh content='30x;url=/brand'>")]
    public void A_refresh_that_no_browser_follows_is_not_followed(string html) => Reader.Read(Encoding.ASCII.GetBytes(html), null, Site).Refresh.ShouldBeNull();

    [Fact]
    public void A_script_behind_hundreds_of_pictures_is_told()
    {
        string pictures = string.Concat(Enumerable.Range(0, 300).Select(static number => $"<img src=/{number}.png>"));

        Read(Encoding.ASCII.GetBytes(pictures + "<script src=/kit.js></script>")).Scripts.ShouldHaveSingleItem().Url.ShouldBe("https://a.example/kit.js");
    }

    [Fact]
    public void What_stands_deeper_than_a_browser_builds_is_still_read()
    {
        PageFacts page = Read(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("<div>", 2000)) + "<form><input type=password name=a></form>"));

        page.Cut.ShouldBeTrue();
        page.Depth.ShouldBe(512);
        page.Forms.ShouldHaveSingleItem().Password.ShouldBeTrue();
    }

    [Fact]
    public void A_script_deeper_than_the_tree_is_still_a_script()
    {
        PageFacts page = Read(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("<div>", 600)) + "<script>var a = '<p>no';</script><style>no</style>"));

        page.Scripts.ShouldHaveSingleItem().Bytes.ShouldBe(16);
        page.TextSha256.ShouldBeNull();
        page.Elements.ShouldBe(602);
    }

    [Fact]
    public void Every_truncation_and_every_changed_byte_is_read()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Sample);
        for (int i = 0; i < bytes.Length; i++)
        {
            Read(bytes[..i]).Bytes.ShouldBe(i);
            foreach (byte change in new byte[] { 0x01, 0x80, 0x20, 0x1C })
            {
                byte[] changed = [.. bytes];
                changed[i] ^= change;
                Read(changed).Sha256.Length.ShouldBe(64);
            }
        }
    }

    [Fact]
    public void Nothing_is_a_page_without_facts()
    {
        PageFacts page = Read([]);

        page.Ssdeep.ShouldBeNull();
        page.Tlsh.ShouldBeNull();
        page.TextSha256.ShouldBeNull();
        page.Simhash.ShouldBeNull();
        page.DomSha256.ShouldBeNull();
        page.Title.ShouldBeNull();
    }

    [Fact]
    public void Texts_and_lists_are_bounded()
    {
        string long1 = new('x', 100_000);
        PageFacts page = Read(Encoding.UTF8.GetBytes($"<html lang={long1}><title>{long1}</title><meta name=generator content='{long1}'>" + string.Concat(Enumerable.Range(0, 300).Select(i => $"<!--{i}{long1[..500]}--><script>{i}</script><iframe src=/{i}></iframe><a href=//h{i}.example>"))));

        page.Title!.Length.ShouldBe(300);
        page.Language!.Length.ShouldBe(35);
        page.Comments.Count.ShouldBe(50);
        page.Comments.ShouldAllBe(comment => comment.Text.Length <= 200);
        page.Scripts.Count.ShouldBe(100);
        page.Iframes.Count.ShouldBe(20);
        page.ExternalDomains.Count.ShouldBe(50);
    }

    [Fact]
    public void Endless_names_and_addresses_are_cut()
    {
        string long1 = new('a', 300_000);
        PageReading page = Reader.Read(Encoding.UTF8.GetBytes($"<{long1}><{long1} {long1}={long1}></{long1}><img src='/{long1}'><a href='//{long1}'><input type=password name={long1}><link rel=icon href='data:{long1}'>"), null, Site);

        page.Assets.ShouldBeEmpty();
        page.Icons.ShouldBeEmpty();
        page.Facts.Forms.ShouldHaveSingleItem().Fields.ShouldBe([long1[..100]]);
    }

    private static PageFacts Read(byte[] body) => Reader.Read(body, null, Site).Facts;
}
