using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Whorl.Kernel.Certificates;
using Whorl.Kernel.Sites;

namespace Whorl.Sources.Sites.Scans;

/// <summary>
/// What of a scan other sites may share. Of a page that is an error only what belongs to somebody counts, not its looks:
/// those are of the server's software.
/// </summary>
internal sealed class ScanFeatures
{
    // Of one kind; so that a page cannot push everything else out by showing a thousand of one.
    private const int MaxOfOneKind = 64;

    // Text of a value that stays where it is too long; the rest becomes a hash.
    private const int KeptOfLong = 200;

    // Bytes of text from which on its simhash says something.
    private const int MinSimhashText = 64;

    private readonly List<SiteFeature> _features = [];
    private readonly HashSet<SiteFeature> _seen = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ScanRecord _scan;

    private ScanFeatures(ScanRecord scan) => _scan = scan;

    /// <summary>Each once, the most telling kinds first, at most <see cref="SiteFeature.MaxOfOneScan"/>.</summary>
    public static IReadOnlyList<SiteFeature> Of(ScanRecord scan)
    {
        ScanFeatures features = new(scan);
        features.OfOwners(scan.Page);
        features.OfCertificate(scan.Tls);
        if (scan.Class == SiteClass.HttpContent)
        {
            features.OfPage(scan.Page);
        }

        features.OfIcons();
        features.OfNetwork(scan.Network);
        features.OfAnswer(scan.Http);
        if (scan.Class == SiteClass.HttpContent)
        {
            features.OfParts(scan.Page);
        }

        return features._features;
    }

    private void OfOwners(PageFacts? page)
    {
        foreach ((string group, string kind) in new[]
        {
            ("wallet", FeatureKinds.Wallet), ("payment_key", FeatureKinds.PaymentKey), ("tracker", FeatureKinds.Tracker), ("site_key", FeatureKinds.SiteKey), ("contact", FeatureKinds.Contact),
        })
        {
            foreach (IdentityFact identity in page?.Identities.Where(identity => identity.Group == group) ?? [])
            {
                Add(kind, $"{identity.Kind}:{identity.Value}");
            }
        }
    }

    private void OfCertificate(TlsFacts? tls)
    {
        if (tls?.Certificates is [CertificateFacts own, ..])
        {
            Add(FeatureKinds.Certificate, own.Sha256);
            Add(FeatureKinds.CertificateKey, own.SpkiSha256);
            foreach (string name in own.Sans.Prepend(own.SubjectCn ?? "").Select(static name => Host(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name)).Where(name => !IsOwn(name)))
            {
                Add(FeatureKinds.CertificateName, name);
            }
        }

        // Zeros alone: no handshake was answered.
        Add(FeatureKinds.Jarm, tls?.Jarm is { } jarm && jarm.AsSpan().ContainsAnyExcept('0') ? jarm : null);
        Add(FeatureKinds.Ja3S, tls?.Ja3S);
    }

    private void OfPage(PageFacts? page)
    {
        if (page is null)
        {
            return;
        }

        Add(FeatureKinds.Page, page.Bytes > 0 ? page.Sha256 : null);
        Add(FeatureKinds.Text, page.TextSha256);
        Add(FeatureKinds.Dom, page.DomSha256);
        Add(FeatureKinds.PageSsdeep, page.Ssdeep);
        Add(FeatureKinds.PageTlsh, page.Tlsh);
        Add(FeatureKinds.TextSsdeep, page.TextSsdeep);
        Add(FeatureKinds.TextTlsh, page.TextTlsh);
        Add(FeatureKinds.Simhash, page.TextBytes >= MinSimhashText ? page.Simhash : null);
        Add(FeatureKinds.Title, page.Title);
        Add(FeatureKinds.Generator, page.Generator);
        foreach (FormFact form in page.Forms)
        {
            Add(FeatureKinds.Form, Shape(form));
        }
    }

    /// <summary><c>host|field,field</c>; <c>self</c> for the site itself, <c>none</c> where nothing can be told. Null where it says nothing: neither fields nor another host.</summary>
    private static string? Shape(FormFact form)
    {
        string host = form.Foreign && Uri.TryCreate(form.Action, UriKind.Absolute, out Uri? target) ? target.IdnHost : form.Action is null ? "none" : "self";
        return form.Fields.Count == 0 && !form.Foreign ? null : $"{host}|{string.Join(',', form.Fields)}";
    }

    private void OfIcons()
    {
        foreach (IconFacts icon in _scan.Icons.Where(static icon => icon.Bytes > 0))
        {
            Add(FeatureKinds.IconMmh3, icon.Mmh3.ToString(CultureInfo.InvariantCulture));
            Add(FeatureKinds.IconSha256, icon.Sha256);
            Add(FeatureKinds.IconLook, icon.Phash);
        }

        Add(FeatureKinds.ScreenshotLook, _scan.Screenshot?.Phash);
    }

    private void OfNetwork(NetworkFacts? network)
    {
        if (network is null)
        {
            return;
        }

        foreach (AddressFact address in network.Addresses)
        {
            Add(FeatureKinds.Address, address.Ip);
            Add(FeatureKinds.System, address.Asn is { } asn ? string.Create(CultureInfo.InvariantCulture, $"AS{asn}") : null);
        }

        foreach (string server in network.Ns)
        {
            Add(FeatureKinds.NameServer, Host(server));
        }

        foreach (string server in network.Mx)
        {
            // With or without its preference before it.
            Add(FeatureKinds.MailServer, Host(server[(server.LastIndexOf(' ') + 1)..]));
        }
    }

    private void OfAnswer(HttpFacts? http)
    {
        if (http is null)
        {
            return;
        }

        if (Uri.TryCreate(http.FinalUrl, UriKind.Absolute, out Uri? end) && Bare(end.IdnHost) != Bare(_scan.Site))
        {
            Add(FeatureKinds.FinalHost, Host(end.IdnHost));
        }

        foreach (string cookie in http.SetCookies)
        {
            int equals = cookie.IndexOf('=', StringComparison.Ordinal);
            Add(FeatureKinds.CookieName, equals > 0 ? cookie[..equals].Trim() : null);
        }

        if (http.Headers.Count > 0)
        {
            Add(FeatureKinds.HeaderNames, Hash(string.Join(',', http.Headers.Select(static header => header.Name.ToLowerInvariant())))[..32]);
        }
    }

    private void OfParts(PageFacts? page)
    {
        foreach (ScriptFact script in page?.Scripts ?? [])
        {
            Add(FeatureKinds.InlineScript, script.Sha256);
        }

        foreach (AssetFacts asset in _scan.Assets.Where(static asset => asset is { Fault: null, Bytes: > 0, Status: >= 200 and < 300 }))
        {
            Add(asset.Kind switch { "script" => FeatureKinds.Script, "style" => FeatureKinds.Style, _ => FeatureKinds.Image }, asset.Sha256);
        }

        foreach (TextFact comment in page?.Comments ?? [])
        {
            Add(FeatureKinds.Comment, comment.Sha256);
        }

        foreach (string host in page?.ExternalDomains ?? [])
        {
            Add(FeatureKinds.ExternalDomain, host);
        }
    }

    private void Add(string kind, string? value)
    {
        int count = _counts.GetValueOrDefault(kind);
        if (string.IsNullOrWhiteSpace(value) || count >= MaxOfOneKind || _features.Count >= SiteFeature.MaxOfOneScan)
        {
            return;
        }

        SiteFeature feature = new(kind, Bounded(value));
        if (_seen.Add(feature))
        {
            _features.Add(feature);
            _counts[kind] = count + 1;
        }
    }

    private static string Bounded(string value)
    {
        string plain = value.Any(char.IsControl) ? string.Concat(value.Select(static c => char.IsControl(c) ? ' ' : c)) : value;
        if (plain.Length <= SiteFeature.MaxValue)
        {
            return plain;
        }

        int kept = char.IsHighSurrogate(plain[KeptOfLong - 1]) ? KeptOfLong - 1 : KeptOfLong;
        return $"{plain[..kept]}~{Hash(plain)[..32]}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private bool IsOwn(string name)
    {
        string site = Bare(_scan.Site);
        string other = Bare(name);
        return other.Length == 0 || other == site || other.EndsWith("." + site, StringComparison.Ordinal) || site.EndsWith("." + other, StringComparison.Ordinal);
    }

    private static string Host(string name) => name.Trim().TrimEnd('.').ToLowerInvariant();

    private static string Bare(string host)
    {
        string name = Host(host);
        return name.StartsWith("www.", StringComparison.Ordinal) ? name[4..] : name;
    }
}
