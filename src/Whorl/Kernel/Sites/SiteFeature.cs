using System.Collections.Frozen;

namespace Whorl.Kernel.Sites;

/// <summary>Something that a site shows and that other sites may share. Its text is <c>kind=value</c>.</summary>
/// <param name="Kind">A name of <see cref="FeatureKinds"/>.</param>
/// <param name="Value">Bounded, without control characters, in the one form that makes equal things equal.</param>
internal readonly record struct SiteFeature(string Kind, string Value)
{
    /// <summary>Characters of a value; hashes and identities are shorter.</summary>
    public const int MaxValue = 256;

    /// <summary>Features of one scan; a page that shows more wants to flood.</summary>
    public const int MaxOfOneScan = 512;

    public override string ToString() => $"{Kind}={Value}";

    public static bool TryParse(ReadOnlySpan<char> text, out SiteFeature feature)
    {
        int at = text.IndexOf('=');
        string kind = at <= 0 ? "" : text[..at].ToString();
        bool valid = at > 0 && text.Length - at - 1 is > 0 and <= MaxValue && FeatureKinds.ByName.ContainsKey(kind);
        feature = valid ? new(kind, text[(at + 1)..].ToString()) : default;
        return valid;
    }
}

/// <summary>How values of a kind are compared.</summary>
internal enum FeatureMatch
{
    /// <summary>Equal or not.</summary>
    Exact,

    /// <summary>ssdeep digests, by their score.</summary>
    Ssdeep,

    /// <summary>TLSH digests, by their distance.</summary>
    Tlsh,

    /// <summary>64 bits in hex, by how many differ.</summary>
    Hamming,
}

/// <summary>One kind of feature.</summary>
/// <param name="Weight">How much a value that only two sites show speaks for one hand behind them, 0 to 1; what many show speaks less. 0: searched for, never a link.</param>
internal sealed record FeatureKind(string Name, FeatureMatch Match, double Weight, string Meaning);

/// <summary>The table of features: what scans yield, campaigns link by, and people search for.</summary>
internal static class FeatureKinds
{
    public const string Page = "page_sha256";
    public const string PageSsdeep = "page_ssdeep";
    public const string PageTlsh = "page_tlsh";
    public const string Text = "text_sha256";
    public const string TextSsdeep = "text_ssdeep";
    public const string TextTlsh = "text_tlsh";
    public const string Simhash = "text_simhash";
    public const string Dom = "dom_sha256";
    public const string Title = "title";
    public const string Form = "form";
    public const string Comment = "comment_sha256";
    public const string InlineScript = "inline_script_sha256";
    public const string Script = "script_sha256";
    public const string Style = "style_sha256";
    public const string Image = "image_sha256";
    public const string ExternalDomain = "external_domain";
    public const string IconMmh3 = "icon_mmh3";
    public const string IconSha256 = "icon_sha256";
    public const string IconLook = "icon_phash";
    public const string ScreenshotLook = "screenshot_phash";
    public const string Tracker = "tracker";
    public const string PaymentKey = "payment_key";
    public const string SiteKey = "site_key";
    public const string Contact = "contact";
    public const string Wallet = "wallet";
    public const string Certificate = "certificate_sha256";
    public const string CertificateKey = "certificate_key_sha256";
    public const string CertificateName = "certificate_name";
    public const string Jarm = "jarm";
    public const string Ja3S = "ja3s";
    public const string Address = "ip";
    public const string NameServer = "name_server";
    public const string MailServer = "mail_server";
    public const string FinalHost = "final_host";
    public const string CookieName = "cookie_name";
    public const string HeaderNames = "header_names";
    public const string Generator = "generator";
    public const string System = "asn";

    public static readonly IReadOnlyList<FeatureKind> All =
    [
        new(Page, FeatureMatch.Exact, 0.9, "SHA-256 of the page as it came."),
        new(PageSsdeep, FeatureMatch.Ssdeep, 0.8, "ssdeep of the page as it came."),
        new(PageTlsh, FeatureMatch.Tlsh, 0.8, "TLSH of the page as it came."),
        new(Text, FeatureMatch.Exact, 0.9, "SHA-256 of the normalised text."),
        new(TextSsdeep, FeatureMatch.Ssdeep, 0.7, "ssdeep of the normalised text."),
        new(TextTlsh, FeatureMatch.Tlsh, 0.7, "TLSH of the normalised text."),
        new(Simhash, FeatureMatch.Hamming, 0.5, "Simhash of the visible text: 64 bits in hex."),
        new(Dom, FeatureMatch.Exact, 0.5, "SHA-256 of the tree of tags."),
        new(Title, FeatureMatch.Exact, 0.3, "Title of the page."),
        new(Form, FeatureMatch.Exact, 0.5, "A form: host that it sends to and names of its fields."),
        new(Comment, FeatureMatch.Exact, 0.4, "SHA-256 of a comment in the page."),
        new(InlineScript, FeatureMatch.Exact, 0.5, "SHA-256 of a script in the page."),
        new(Script, FeatureMatch.Exact, 0.5, "SHA-256 of a script of the site."),
        new(Style, FeatureMatch.Exact, 0.4, "SHA-256 of a style sheet of the site."),
        new(Image, FeatureMatch.Exact, 0.4, "SHA-256 of an image of the site."),
        new(ExternalDomain, FeatureMatch.Exact, 0.4, "A host that the page takes something from."),
        new(IconMmh3, FeatureMatch.Exact, 0.6, "Hash of an icon as public search engines write it."),
        new(IconSha256, FeatureMatch.Exact, 0, "SHA-256 of an icon."),
        new(IconLook, FeatureMatch.Hamming, 0.3, "Perceptual hash of an icon: 64 bits in hex."),
        new(ScreenshotLook, FeatureMatch.Hamming, 0.4, "Perceptual hash of the screenshot: 64 bits in hex."),
        new(Tracker, FeatureMatch.Exact, 0.95, "An account of somebody who counts visitors: `google-analytics:G-…`."),
        new(PaymentKey, FeatureMatch.Exact, 0.95, "A public key of a payment service."),
        new(SiteKey, FeatureMatch.Exact, 0.9, "A site's key at a captcha, chat, error or hosting service."),
        new(Contact, FeatureMatch.Exact, 0.9, "A way to reach somebody: `email:…`, `phone:…`, `telegram:…`."),
        new(Wallet, FeatureMatch.Exact, 1, "An address of a currency: `btc:…`."),
        new(Certificate, FeatureMatch.Exact, 0.9, "SHA-256 of the server's certificate."),
        new(CertificateKey, FeatureMatch.Exact, 0.9, "SHA-256 of its public key."),
        new(CertificateName, FeatureMatch.Exact, 0.6, "A name in the certificate that is not the site's own."),
        new(Jarm, FeatureMatch.Exact, 0.15, "JARM of the server."),
        new(Ja3S, FeatureMatch.Exact, 0, "JA3S of the server."),
        new(Address, FeatureMatch.Exact, 0.5, "An address of the site."),
        new(NameServer, FeatureMatch.Exact, 0.2, "A name server of the site."),
        new(MailServer, FeatureMatch.Exact, 0.2, "A mail server of the site."),
        new(FinalHost, FeatureMatch.Exact, 0.6, "The host that the redirects end at, where it is another."),
        new(CookieName, FeatureMatch.Exact, 0.15, "Name of a cookie."),
        new(HeaderNames, FeatureMatch.Exact, 0.1, "SHA-256, 32 hex digits, of the names of the answer's headers in order."),
        new(Generator, FeatureMatch.Exact, 0.05, "What the page says it was made with."),
        new(System, FeatureMatch.Exact, 0, "Autonomous system of an address: `AS64500`."),
    ];

    public static readonly FrozenDictionary<string, FeatureKind> ByName = All.ToFrozenDictionary(kind => kind.Name, StringComparer.Ordinal);
}
