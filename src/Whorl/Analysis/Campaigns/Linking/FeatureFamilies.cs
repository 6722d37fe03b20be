using System.Collections.Frozen;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>
/// Which features have one cause. Two pages that are equal also have equal texts, trees and digests; that is one witness and not ten. Of each family the
/// best shared feature counts, and families count as independent of each other.
/// </summary>
internal static class FeatureFamilies
{
    /// <summary>The page itself, in whatever way it was hashed or seen.</summary>
    public const string Page = "page";

    /// <summary>Files beside the page.</summary>
    public const string Files = "files";

    public const string Icon = "icon";
    public const string Tracker = "tracker";

    /// <summary>Where money goes to.</summary>
    public const string Money = "money";

    /// <summary>Keys at services that are no trackers.</summary>
    public const string Keys = "keys";

    public const string Contact = "contact";
    public const string Certificate = "certificate";

    /// <summary>Where it is hosted.</summary>
    public const string Hosting = "hosting";

    /// <summary>Hosts that it takes from or leads to.</summary>
    public const string Elsewhere = "elsewhere";

    /// <summary>How the server speaks: what an installation of some product shows.</summary>
    public const string Server = "server";

    /// <summary>All of them; a family's number is its place here.</summary>
    public static readonly IReadOnlyList<string> Names = [Page, Files, Icon, Tracker, Money, Keys, Contact, Certificate, Hosting, Elsewhere, Server];

    private static readonly FrozenDictionary<string, string> OfKinds = new (string Family, string[] Kinds)[]
    {
        (Page,
        [
            FeatureKinds.Page, FeatureKinds.PageSsdeep, FeatureKinds.PageTlsh, FeatureKinds.Text, FeatureKinds.TextSsdeep, FeatureKinds.TextTlsh, FeatureKinds.Simhash, FeatureKinds.Dom,
            FeatureKinds.Title, FeatureKinds.Form, FeatureKinds.Comment, FeatureKinds.InlineScript, FeatureKinds.ScreenshotLook,
        ]),
        (Files, [FeatureKinds.Script, FeatureKinds.Style, FeatureKinds.Image]),
        (Icon, [FeatureKinds.IconMmh3, FeatureKinds.IconSha256, FeatureKinds.IconLook]),
        (Tracker, [FeatureKinds.Tracker]),
        (Money, [FeatureKinds.PaymentKey, FeatureKinds.Wallet]),
        (Keys, [FeatureKinds.SiteKey]),
        (Contact, [FeatureKinds.Contact]),
        (Certificate, [FeatureKinds.Certificate, FeatureKinds.CertificateKey, FeatureKinds.CertificateName]),
        (Hosting, [FeatureKinds.Address, FeatureKinds.NameServer, FeatureKinds.MailServer, FeatureKinds.System]),
        (Elsewhere, [FeatureKinds.ExternalDomain, FeatureKinds.FinalHost]),
        (Server, [FeatureKinds.Jarm, FeatureKinds.Ja3S, FeatureKinds.CookieName, FeatureKinds.HeaderNames, FeatureKinds.Generator]),
    }.SelectMany(family => family.Kinds.Select(kind => KeyValuePair.Create(kind, family.Family))).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The family of a kind; a kind that nobody sorted in is one of its own.</summary>
    public static string Of(string kind) => OfKinds.GetValueOrDefault(kind, kind);
}
