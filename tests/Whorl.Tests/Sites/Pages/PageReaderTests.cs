using System.Text;
using AngleSharp.Html.Parser;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Pages;

public sealed class PageReaderTests
{
    private static readonly PageReader Reader = new(IdentityCatalog.Empty);
    private static readonly Uri Site = new("https://www.bank-login.example/start/index.html?x=1");

    [Fact]
    public void Title_language_generator_and_description_are_lines()
    {
        PageFacts page = Read("<html lang=de><head><title>\n My &amp; Bank\t\u0001Login </title><meta name=Generator content='WordPress 6.1'><meta property=og:description content='a &lt;b&gt;'></head>");

        page.Title.ShouldBe("My & Bank Login");
        page.Language.ShouldBe("de");
        page.Generator.ShouldBe("WordPress 6.1");
        page.Description.ShouldBe("a <b>");
    }

    [Fact]
    public void A_title_of_a_picture_is_not_the_pages() => Read("<body><svg><title>icon</title></svg><title>page</title>").Title.ShouldBe("page");

    [Theory]
    [InlineData("<p>Pay<b>pal</b> <i>Log</i>in</p><div>Now</div>", "paypal login now")]
    [InlineData("a<br>b<span>c</span>\u200B&shy;d", "a bcd")]
    [InlineData("<head><title>no</title></head><script>no</script><style>no</style><noscript>no</noscript><template>no</template>Yes", "yes")]
    [InlineData("<!-- no --> A\u00A0\n\t B &copy 1 &#x41;&#66; &notin; &unknown;", "a b © 1 ab ∉ &unknown;")]
    [InlineData("<textarea>&lt;b></textarea>", "<b>")]
    [InlineData("<svg><style>a</style></svg><![CDATA[x]]>b", "a b")]
    [InlineData("1 < 2 <3 </ 4> 5", "1 < 2 <3 5")]
    public void Visible_text_is_what_a_visitor_reads(string html, string expected) => Text(html).ShouldBe(expected);

    [Theory]
    [InlineData("<div><p>a<p>b<ul><li>1<li>2</ul></div>", "(div(p)(p)(ul(li)(li)))")]
    [InlineData("<HTML><Body><img><br/><custom-x></body></html>", "(html(body(img)(br)(custom-x)))")]
    [InlineData("</p><div/><span>", "(div(span))")]
    [InlineData("<table><tr><td>a<td>b<tr><td>c</table>x", "(table(tr(td)(td))(tr(td)))")]
    [InlineData("<svg><path/><g><div>", "(svg(path)(g))(div)")]
    [InlineData("<script><div></script><p>", "(script)(p)")]
    [InlineData("<a b='>' c=\"<i>\" d=<e>><i>", "(a(i))")]
    public void The_tree_of_tags_keeps_order_and_allowed_omissions(string html, string tree) =>
        Read(html).DomSha256.ShouldBe(PageTexts.Hash(tree).Sha256);

    [Fact]
    public void Forms_say_where_they_send_and_what_they_ask_for()
    {
        IReadOnlyList<FormFact> forms = Read("""
            <form method=POST action="https://collect.example/p.php?a=1&amp;b=2"><input name=user><input type=password id=p2><input type=hidden name=pass><input type=submit name=go></form>
            <form action="next"><input name="Card-Number"><select name=month></select><textarea name=t></textarea></form>
            <input type=password name=loose>
            """).Forms;

        forms.Count.ShouldBe(3);
        forms[0].ShouldBeEquivalentTo(new FormFact { Action = "https://collect.example/p.php?a=1&b=2", Method = "post", Fields = new List<string> { "user", "p2", "pass" }, Password = true, Foreign = true });
        forms[1].ShouldBeEquivalentTo(new FormFact { Action = "https://www.bank-login.example/start/next", Method = "get", Fields = new List<string> { "Card-Number", "month", "t" }, Card = true });
        forms[2].ShouldBeEquivalentTo(new FormFact { Method = "script", Fields = new List<string> { "loose" }, Password = true });
    }

    [Theory]
    [InlineData("contraseña", true)]
    [InlineData("Пароль", true)]
    [InlineData("mot_de_passe", true)]
    [InlineData("şifre", true)]
    [InlineData("hasło", true)]
    [InlineData("passenger", false)]
    [InlineData("compass", false)]
    public void A_password_is_known_by_its_name_in_several_languages(string name, bool password) =>
        Read($"<form><input name='{name}'></form>").Forms[0].Password.ShouldBe(password);

    [Theory]
    [InlineData("cc_number", true)]
    [InlineData("Kartennummer", true)]
    [InlineData("número-cartão", true)]
    [InlineData("номер_карты", true)]
    [InlineData("discard", false)]
    [InlineData("giftcard", false)]
    public void A_card_is_known_by_its_name_in_several_languages(string name, bool card) =>
        Read($"<form><input name='{name}'></form>").Forms[0].Card.ShouldBe(card);

    [Fact]
    public void Icons_are_those_declared_and_absolute()
    {
        IReadOnlyList<DeclaredIcon> icons = Whole("""
            <base href="/b/"><link rel="Shortcut Icon" href="a.ico?v=1#x"><link rel=apple-touch-icon sizes=180x180 href=//cdn.example/t.png><link rel=manifest href=m.json>
            <link rel="icon" href="data:image/png;base64,AAAA"><link rel=icon href="a.ico?v=1"><link rel=mask-icon href=javascript:0>
            """).Icons;

        icons.ShouldBe([
            new("https://www.bank-login.example/b/a.ico?v=1", "icon", null),
            new("https://cdn.example/t.png", "apple-touch-icon", "180x180"),
            new("data:image/png;base64,AAAA", "icon", null),
        ]);
    }

    [Fact]
    public void Assets_of_the_site_come_first_and_each_once()
    {
        Whole("<script src=https://cdn.example/x.js></script><img src='a b.png'><link rel=stylesheet href=https://static.bank-login.example/s.css><img src='a b.png#2'><script src=mailto:x></script>").Assets.ShouldBe([
            new("https://www.bank-login.example/start/a%20b.png", "image", false),
            new("https://static.bank-login.example/s.css", "style", false),
            new("https://cdn.example/x.js", "script", true),
        ]);
    }

    [Fact]
    public void Other_hosts_are_named_once_what_the_page_takes_before_where_it_leads()
    {
        Read("<a href=https://b.example/x>b</a><a href='//C.example:81\\x'>c</a><a href=/own>d</a><a href=https://bank-login.example>own</a><img src=https://a.example/1><form action=http://user@d.example/?></form><a href=https://a.example>a</a><a href=https://xn--nxasmq6b.example/>i</a><a href=https://bücher.example/>i</a>")
            .ExternalDomains.ShouldBe(["a.example", "d.example", "b.example", "c.example", "xn--nxasmq6b.example", "xn--bcher-kva.example"]);
    }

    [Theory]
    [InlineData("5; url=https://next.example/a", "https://next.example/a", 5)]
    [InlineData("0;URL='/b?c=1&amp;d=2'", "https://www.bank-login.example/b?c=1&d=2", 0)]
    [InlineData("0.5 , next", "https://www.bank-login.example/start/next", 0)]
    public void A_refresh_leads_on(string content, string target, int seconds) =>
        Whole($"<meta http-equiv=Refresh content=\"{content}\">").Refresh.ShouldBe(new(target, seconds));

    [Theory]
    [InlineData("5")]
    [InlineData("url=/x")]
    [InlineData("0;url=javascript:alert(1)")]
    [InlineData("")]
    public void A_refresh_to_nowhere_is_none(string content) => Whole($"<meta http-equiv=refresh content=\"{content}\">").Refresh.ShouldBeNull();

    [Fact]
    public void Scripts_are_known_by_address_or_hash_and_comments_by_hash()
    {
        PageFacts page = Read("<!-- Made by  kit --><!----><script src=/a.js>ignored</script><script>var a;</script><iframe src=//f.example/x></iframe><frame src=b>");

        page.Scripts.ShouldBe([new() { Url = "https://www.bank-login.example/a.js" }, new() { Sha256 = "be879445c87d7e72059ad71c41a8f0f484d12032e91d14f996d1dabc7db1ae1e", Bytes = 6 }]);
        page.Comments.ShouldBe([new(PageTexts.Hash("Made by  kit").Sha256, "Made by kit")]);
        page.Iframes.ShouldBe(["https://f.example/x", "https://www.bank-login.example/start/b"]);
    }

    [Fact]
    public void A_simhash_changes_little_where_the_text_does()
    {
        string text = string.Join(' ', Enumerable.Range(0, 300).Select(static i => $"word{i * 7 % 101}x{i}"));
        ulong one = Convert.ToUInt64(Simhash.Of(text), 16);
        ulong near = Convert.ToUInt64(Simhash.Of(text.Replace("word7x1 ", "other ", StringComparison.Ordinal)), 16);
        ulong far = Convert.ToUInt64(Simhash.Of(new([.. text.Reverse()])), 16);

        ulong.PopCount(one ^ near).ShouldBeLessThan(8UL);
        ulong.PopCount(one ^ far).ShouldBeGreaterThan(15UL);
        Simhash.Of(" .,-").ShouldBeNull();
    }

    [Theory]
    [InlineData("<html><head><title>T</title></head><body><h1>Hello</h1><p>One<p>Two <b>bold</b><ul><li>a<li>b</ul><table><tbody><tr><td>1<td>2</table><form><input name=q></form></body></html>")]
    [InlineData("<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>a &lt; b</title><style>p{}</style></head><body class=\"x\"><div><img src=a alt='&quot;'><svg viewBox=0><path d=M0 /><g></g></svg></div><script>if (a < b && c > d) {}</script><select><option>1<option>2</select></body></html>")]
    public void On_a_proper_page_the_tree_is_that_of_a_browser(string html)
    {
        AngleSharp.Html.Dom.IHtmlDocument document = new HtmlParser().ParseDocument(html);

        Read(html).DomSha256.ShouldBe(PageTexts.Hash(Tree(document.DocumentElement)).Sha256);
        Read(html).Title.ShouldBe(document.Title);
        Read(html).Elements.ShouldBe(document.All.Length);
    }

    private static string Tree(AngleSharp.Dom.IElement element) => $"({element.LocalName}{string.Concat(element.Children.Select(Tree))})";

    private static PageReading Whole(string html) => Reader.Read(Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8", Site);

    private static PageFacts Read(string html) => Whole(html).Facts;

    private static string Text(string html)
    {
        PageWalk walk = new(Site);
        walk.Walk(html);
        return walk.Text.ToString();
    }
}
