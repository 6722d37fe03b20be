using System.Text.Json;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Pages.Images;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Pages;

/// <summary>Pages as scammers make them, against values that other programs made (tests/fixtures/sites/make.py).</summary>
public sealed class FixturePageTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "fixtures", "sites");
    private static readonly JsonElement Expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json"))).RootElement;
    private static readonly PageReader Reader = new(IdentityFiles.Read([Path.Combine(Repository.Root, "content", "identities")], []));
    private static readonly Uri Site = new("https://login.victim-portal.example/a/index.html");

    public static TheoryData<string> Names => [.. Expected.EnumerateObject().Select(static page => page.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_yields_what_other_programs_find_in_it(string name)
    {
        JsonElement expected = Expected.GetProperty(name);
        PageFacts page = Read(name).Facts;

        // Debian's tlsh is an older one, which gives no digest of less than 256 bytes.
        JsonElement raw = expected.GetProperty("raw");
        page.Sha256.ShouldBe(raw.GetProperty("sha256").GetString());
        page.Ssdeep.ShouldBe(raw.GetProperty("ssdeep").GetString());
        page.Tlsh.ShouldBe(raw.GetProperty("tlsh").GetString() ?? page.Tlsh);
        page.Charset.ShouldBe(expected.GetProperty("charset").GetString());
        page.Title.ShouldBe(expected.GetProperty("title").GetString());
        page.Elements.ShouldBe(expected.GetProperty("elements").GetInt32());
        page.Depth.ShouldBe(expected.GetProperty("depth").GetInt32());
        page.DomSha256.ShouldBe(expected.GetProperty("dom_sha256").GetString());
        Text(name).ShouldBe(expected.GetProperty("text").GetString());
        page.Simhash.ShouldBe(expected.GetProperty("simhash").GetString());
        if (expected.GetProperty("text_hashes") is { ValueKind: JsonValueKind.Object } text)
        {
            page.TextSha256.ShouldBe(text.GetProperty("sha256").GetString());
            page.TextSsdeep.ShouldBe(text.GetProperty("ssdeep").GetString());
            page.TextTlsh.ShouldBe(text.GetProperty("tlsh").GetString() ?? page.TextTlsh);
        }
    }

    [Theory]
    [InlineData("bank-login.html", "tracker google-analytics G-7HB2KX91QZ|contact phone +442079460812|tracker meta-pixel 482915037264815|site_key recaptcha 6LdKq9wUAAAAAH2vXb7nYtR4mZc0LpQe8SgJk1Wf|contact email support@meridian-help.example")]
    [InlineData("wallet-drainer.html", "contact telegram nova_support_81|contact x novaclaim81|contact discord k7Xm2Qz9|site_key crisp b91f4c02-7e6d-4a85-93c1-5d0e28fa7b36|wallet btc bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0|wallet eth 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed|wallet sol 7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV|wallet xmr 44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A|wallet doge DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L")]
    [InlineData("shop-scam.html", "tracker matomo stats.operator.example#7|payment_key stripe pk_live_51HxQm2Kz8TrB4vNp0LsYw|contact whatsapp 447700900812|contact email kontakt@markenoutlet.example")]
    [InlineData("parcel-scam.html", "site_key tawk 5f8a1c3d9b27e60f4d8e21a7")]
    [InlineData("cyrillic.html", "contact phone +74951234567")]
    [InlineData("empty.html", "")]
    public void What_belongs_to_somebody_is_found(string name, string identities) =>
        string.Join('|', Read(name).Facts.Identities.Select(static identity => $"{identity.Group} {identity.Kind} {identity.Value}")).ShouldBe(identities);

    [Fact]
    public void A_bank_kit_shows_its_forms_parts_and_where_it_sends()
    {
        PageReading page = Read("bank-login.html");

        page.Facts.Forms.ShouldBe([
            new() { Action = "https://collector.example/gate/post.php?k=81", Method = "post", Fields = ["userid", "passcode1", "kit"], Password = true, Foreign = true },
            new() { Action = "https://login.victim-portal.example/a/step2.php", Method = "post", Fields = ["cardnumber", "cvv"], Card = true },
        ], new ByShape());
        page.Facts.Generator.ShouldBe("HTTrack Website Copier/3.x");
        page.Facts.Comments.ShouldHaveSingleItem().Text.ShouldBe("Mirrored from online.meridian.example by the kit \"MB v4.2\"");
        page.Facts.Iframes.ShouldBe(["https://frames.example/keepalive"]);
        page.Facts.ExternalDomains.ShouldBe(["fonts.cdn.example", "www.googletagmanager.com", "collector.example", "frames.example", "www.facebook.com", "online.meridian.example"]);
        page.Icons.Select(static icon => icon.Url).ShouldBe(["https://login.victim-portal.example/a/assets/favicon.ico", "https://login.victim-portal.example/a/assets/touch.png"]);
        page.Assets.Where(static asset => !asset.Foreign).Select(static asset => $"{asset.Kind} {asset.Url[45..]}").ShouldBe(["style main.css?v=3", "image logo.svg", "script app.js"], ignoreOrder: false, page.Assets[0].Url);
    }

    [Fact]
    public void An_icon_in_the_page_itself_is_read()
    {
        DeclaredIcon icon = Read("wallet-drainer.html").Icons.ShouldHaveSingleItem();
        IconFacts facts = IconReader.Read(DataUrl.Read(icon.Url, 10_000), icon.Url);

        facts.Format.ShouldBe("png");
        facts.Width.ShouldBe(1);
        DataUrl.Read(icon.Url, 10).ShouldBeNull();
        Read("wallet-drainer.html").Refresh.ShouldBe(new("https://login.victim-portal.example/claim?step=2&ref=a", 90));
    }

    [Fact]
    public void Fields_without_a_form_that_ask_for_a_card_are_one() =>
        Read("parcel-scam.html").Facts.Forms.ShouldHaveSingleItem().ShouldSatisfyAllConditions(form => form.Card.ShouldBeTrue(), form => form.Action.ShouldBeNull(), form => form.Method.ShouldBe("script"));

    [Fact]
    public void A_base_address_leads_everything_elsewhere()
    {
        PageReading page = Read("shop-scam.html");

        page.Assets.Select(static asset => asset.Url).ShouldBe(["https://cdn.shopassets.example/theme.css", "https://markenoutlet.example/shop/js/cart.js", "https://js.payments.example/v3/", "https://markenoutlet.example/shop/img/1.jpg", "https://markenoutlet.example/shop/img/2.jpg", "https://images.other.example/3.jpg"]);
        page.Facts.Forms.ShouldHaveSingleItem().Action.ShouldBe("https://markenoutlet.example/kasse");
    }

    private static PageReading Read(string name) => Reader.Read(File.ReadAllBytes(Path.Combine(Folder, "pages", name)), null, Site);

    private static string Text(string name)
    {
        PageWalk walk = new(Site);
        walk.Walk(PageCharset.Decode(File.ReadAllBytes(Path.Combine(Folder, "pages", name)), null).Text);
        return walk.Text.ToString();
    }

    private sealed class ByShape : IEqualityComparer<FormFact>
    {
        public bool Equals(FormFact? x, FormFact? y) => Shape(x!) == Shape(y!);

        public int GetHashCode(FormFact obj) => Shape(obj).GetHashCode(StringComparison.Ordinal);

        private static string Shape(FormFact form) => $"{form.Action} {form.Method} {string.Join(',', form.Fields)} {form.Password} {form.Card} {form.Foreign}";
    }
}
