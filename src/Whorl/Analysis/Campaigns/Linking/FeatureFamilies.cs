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

    /// <summary>What it is made with: files, icons and hosts that come with a kit or a product, and how a server of that product speaks.</summary>
    public const string Make = "make";

    public const string Tracker = "tracker";

    /// <summary>Where money goes to.</summary>
    public const string Money = "money";

    /// <summary>Keys at services that are no trackers.</summary>
    public const string Keys = "keys";

    public const string Contact = "contact";
    public const string Certificate = "certificate";

    /// <summary>Where it is hosted.</summary>
    public const string Hosting = "hosting";

    /// <summary>Where it leads to.</summary>
    public const string Destination = "destination";

    /// <summary>All of them; a family's number is its place here.</summary>
    public static readonly IReadOnlyList<string> Names = [Page, Make, Tracker, Money, Keys, Contact, Certificate, Hosting, Destination];

    private static readonly FrozenDictionary<string, string> OfKinds = new (string Family, string[] Kinds)[]
    {
        (Page,
        [
            FeatureKinds.Page, FeatureKinds.PageSsdeep, FeatureKinds.PageTlsh, FeatureKinds.Text, FeatureKinds.TextSsdeep, FeatureKinds.TextTlsh, FeatureKinds.Simhash, FeatureKinds.Dom,
            FeatureKinds.Title, FeatureKinds.Form, FeatureKinds.Comment, FeatureKinds.InlineScript, FeatureKinds.ScreenshotLook,
        ]),
        (Make,
        [
            FeatureKinds.Script, FeatureKinds.Style, FeatureKinds.Image, FeatureKinds.IconMmh3, FeatureKinds.IconSha256, FeatureKinds.IconLook, FeatureKinds.ExternalDomain,
            FeatureKinds.Jarm, FeatureKinds.Ja3S, FeatureKinds.CookieName, FeatureKinds.HeaderNames, FeatureKinds.Generator,
        ]),
        (Tracker, [FeatureKinds.Tracker]),
        (Money, [FeatureKinds.PaymentKey, FeatureKinds.Wallet]),
        (Keys, [FeatureKinds.SiteKey]),
        (Contact, [FeatureKinds.Contact]),
        (Certificate, [FeatureKinds.Certificate, FeatureKinds.CertificateKey, FeatureKinds.CertificateName]),
        (Hosting, [FeatureKinds.Address, FeatureKinds.NameServer, FeatureKinds.MailServer, FeatureKinds.System]),
        (Destination, [FeatureKinds.FinalHost]),
    }.SelectMany(family => family.Kinds.Select(kind => KeyValuePair.Create(kind, family.Family))).ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, int> Numbers = OfKinds.ToFrozenDictionary(kind => kind.Key, kind => Names.ToList().IndexOf(kind.Value), StringComparer.Ordinal);

    /// <summary>Place of a kind's family in <see cref="Names"/>.</summary>
    public static int NumberOf(string kind) => Numbers[kind];

    /// <summary>The family of a kind. A test asks it for every kind there is.</summary>
    public static string Of(string kind) => OfKinds[kind];
}
