using Whorl.Kernel.Content;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Pages;

public sealed class IdentityCatalogTests
{
    private static readonly IdentityCatalog Shipped = IdentityFiles.Read([Path.Combine(Repository.Root, "content", "identities")], []);

    [Fact]
    public void Shipped_patterns_have_no_fault_and_an_example_each()
    {
        List<ContentFault> faults = [];
        IdentityCatalog catalog = IdentityFiles.Read([Path.Combine(Repository.Root, "content", "identities")], faults);

        faults.ShouldBeEmpty();
        catalog.Patterns.Count.ShouldBeGreaterThan(45);
        catalog.Patterns.ShouldAllBe(pattern => pattern.Finds.Any(example => example.Value != null));
    }

    [Fact]
    public void Every_shipped_pattern_finds_what_its_examples_say_and_nothing_else()
    {
        foreach (IdentityPattern pattern in Shipped.Patterns)
        {
            foreach (IdentityExample example in pattern.Finds)
            {
                string?[] values = [.. Shipped.Find("<p>" + example.Text + "</p>", "").Where(fact => fact.Kind == pattern.Kind).Select(fact => fact.Value)];
                values.ShouldBe(example.Value is null ? [] : [example.Value], $"{pattern.Place}: {example.Text}");
            }
        }
    }

    [Fact]
    public void What_documentation_shows_is_nobodys()
    {
        const string html = "gtag('config', 'G-1234567890'); 'UA-12345-1' data-sitekey=\"6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI\" 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa 0xdAC17F958D2ee523a2206206994597C13D831ec7 info@example.com";

        Shipped.Find(html, "").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("mailto:Sales@Shop.Example?subject=a", "sales@shop.example")]
    [InlineData("href='mailto:%20a.b+c@x-y.co.uk'", "a.b+c@x-y.co.uk")]
    [InlineData("<a data-cfemail=\"422120022136236c212d\">", "cb@cta.co")]
    [InlineData("logo@2x.png", null)]
    [InlineData("https://user:word@host.example/", null)]
    [InlineData("@media screen", null)]
    [InlineData("npm pkg@1.2.3.min.js", null)]
    [InlineData("&#105;nfo&#64;shop.ex&#x61;mple", "info@shop.example")]
    [InlineData("\"text\":\"\\ninfo@shop.example\"", "info@shop.example")]
    [InlineData("\\u003ea\\u003einfo@shop.example", "info@shop.example")]
    [InlineData("a@b", null)]
    public void Mail_addresses_are_told_from_what_looks_like_them(string html, string? address) =>
        IdentityCatalog.Empty.Find(html, "").Select(fact => fact.ToString()).ShouldBe(address is null ? [] : [new IdentityFact("contact", "email", address).ToString()]);

    [Theory]
    [InlineData("call +44 (0) 20 7946 0812 now", "+4402079460812")]
    [InlineData("tel.: +1-202-555-0147.", "+12025550147")]
    [InlineData("+491701234567", "+491701234567")]
    [InlineData("1+1234567890", null)]
    [InlineData("+0123456789", null)]
    [InlineData("+1 234", null)]
    [InlineData("+12345678901234567", null)]
    [InlineData("utc+12345678", null)]
    public void Phone_numbers_are_those_in_international_form(string text, string? number) =>
        IdentityCatalog.Empty.Find("", text).Select(fact => fact.Value).ShouldBe(number is null ? [] : [number]);

    [Fact]
    public void A_solana_account_counts_only_where_solana_is_spoken_of()
    {
        const string account = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV";
        string wallet = IdentityCatalog.Empty.Find($"<p>Send SOL to: {account}</p>", "").ShouldHaveSingleItem().Value;

        wallet.ShouldBe(account);
        IdentityCatalog.Empty.Find($"<p>Send CONSOLE to: {account}</p>", "").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{\"sameAs\":[\"https:\\/\\/t.me\\/desk_81\"]}", "telegram:desk_81")]
    [InlineData("\"https:\\/\\/wa.me\\/447700900812\"", "whatsapp:447700900812")]
    [InlineData("?data=bitcoin%3A1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "btc:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")]
    [InlineData("\"pay\\n1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2\"", "btc:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")]
    [InlineData("//a.example/matomo.php?idsite=1 //b.example/matomo.php?idsite=2", "matomo:a.example#1,matomo:b.example#2")]
    public void What_stands_escaped_or_close_together_is_found_all_the_same(string html, string found) =>
        string.Join(',', Shipped.Find(html, "").Select(fact => $"{fact.Kind}:{fact.Value}")).ShouldBe(found);

    [Theory]
    [InlineData("\\")]
    [InlineData("\\u00")]
    [InlineData("&#")]
    [InlineData("&#x;&#256;&#7;&amp;\\xzz\\q")]
    public void What_is_no_escape_stays(string text) => Escapes.Undo(text).ShouldBe(text);

    [Fact]
    public void Of_one_kind_and_in_all_only_so_many_are_kept()
    {
        string many = string.Join(' ', Enumerable.Range(0, 1000).Select(static i => $"'GTM-AB{i:D4}' AW-12{i:D7} a{i}@b.example https://t.me/name_{i}"));

        IReadOnlyList<IdentityFact> found = Shipped.Find(many, "");

        found.Count(fact => fact.Kind == "google-tag-manager").ShouldBe(20);
        found.Count.ShouldBe(80);
    }

    [Fact]
    public void A_form_that_is_made_of_all_characters_is_not_compiled()
    {
        List<ContentFault> faults = [];
        string all = string.Concat(Enumerable.Range(0xC0, 80).Select(static code => (char)code));

        IdentityReader.Read("a.yaml", $"patterns:\n  - {{ kind: a, group: tracker, anchors: [abc], form: 'abc(?<id>[{all}])' }}\n", faults).Patterns.ShouldBeEmpty();

        faults.ShouldHaveSingleItem().ToString().ShouldContain("form has more than 48 different characters");
    }

    [Fact]
    public void Faults_name_file_and_line()
    {
        List<ContentFault> faults = [];
        IdentityReader.Read("a.yaml", "patterns:\n  - kind: a\n    group: trackers\n    anchors: [x]\n    form: '(?=b)(?<id>c)'\n  - { kind: b, group: tracker, anchors: [abc], form: 'abc' }\n  - { kinds: b }\n", faults);

        faults.Select(fault => fault.ToString()).ShouldContain(text => text.StartsWith("a.yaml:3:12: group may be", StringComparison.Ordinal));
        faults.Select(fault => fault.ToString()).ShouldContain(text => text.StartsWith("a.yaml:4:15: an anchor must", StringComparison.Ordinal));
        faults.Select(fault => fault.ToString()).ShouldContain(text => text.StartsWith("a.yaml:5:11: form is no pattern", StringComparison.Ordinal));
        faults.Select(fault => fault.ToString()).ShouldContain(text => text.Contains("form needs a group", StringComparison.Ordinal));
        faults.Select(fault => fault.ToString()).ShouldContain(text => text.Contains("has no key 'kinds'", StringComparison.Ordinal));
    }
}
