using System.Globalization;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Delivery.Cli.Sites;

/// <summary>A scan for people: what it came to in the first line, then facts, each on a line of its own. Texts of the site are escaped.</summary>
internal static class SiteText
{
    // Characters of a line; --json has all of it.
    private const int MaxValue = 640;

    // Values of one kind that are shown; --json has all.
    private const int MaxShown = 8;


    public static void Write(Output output, ScanRecord scan)
    {
        output.Data.WriteLine($"{Output.Escape(Cut(scan.Url))}  {Verdict(scan)}");
        if (scan.Http is { } http)
        {
            foreach (Hop hop in http.Hops.Where(hop => hop.By is not null))
            {
                Line(output, "redirect", $"{hop.Status} {hop.By} to {hop.Location}");
            }

            Line(output, "answer", http.Status == 0 ? null : Invariant($"HTTP/{http.Protocol} {http.Status}, {http.BodyBytes} bytes{(http.Truncated ? " (cut)" : "")}, {http.ContentType ?? "no type"}, {http.Timing.TotalMs} ms"));
            Line(output, "server", Joined(http.Stack));
        }

        if (scan.Page is { } page)
        {
            Line(output, "title", page.Title);
            Line(output, "language", page.Language);
            Line(output, "page", Joined([$"sha256 {page.Sha256}", page.Ssdeep is null ? null : $"ssdeep {page.Ssdeep}", page.DomSha256 is null ? null : $"dom {page.DomSha256[..16]}"]));
            Line(output, "forms", Joined(page.Forms.Select(form => $"{(form.Password ? "password " : "")}{(form.Card ? "card " : "")}{(form.Foreign ? "to another host " : "")}{form.Action ?? "itself"}")));
            foreach (IGrouping<string, IdentityFact> group in page.Identities.GroupBy(identity => identity.Group, StringComparer.Ordinal))
            {
                Line(output, group.Key.Replace('_', ' '), Joined(group.Select(identity => $"{identity.Kind}:{identity.Value}")));
            }

            Line(output, "takes from", Joined(page.ExternalDomains));
        }

        Line(output, "icons", Joined(scan.Icons.Select(icon => Invariant($"mmh3 {icon.Mmh3} ({icon.Bytes} bytes)"))));
        Line(output, "assets", scan.Assets.Count == 0 ? null : Invariant($"{scan.Assets.Count(asset => asset.Sha256 is not null)} of {scan.Assets.Count} fetched"));
        Line(output, "screenshot", scan.Screenshot is { } picture ? Invariant($"{picture.Width} x {picture.Height}, look {picture.Phash ?? "of one colour"}") : null);
        if (scan.Tls is { } tls)
        {
            CertificateLine(output, tls);
            Line(output, "jarm", tls.Jarm);
        }

        if (scan.Network is { } network)
        {
            Line(output, "address", Joined(network.Addresses.Select(each => Joined([each.Ip, each.Asn is { } asn ? Invariant($"AS{asn}") : null, each.AsName, each.Country], " "))));
            Line(output, "alias of", Joined(network.Cname));
            Line(output, "name servers", Joined(network.Ns));
            Line(output, "mail", Joined(network.Mx));
        }

        Line(output, "faults", Joined(scan.Faults));
        output.Data.WriteLine();
    }

    /// <summary>What to do about a site that could not be had.</summary>
    public static string? Hint(ScanRecord scan) => scan.Reason switch
    {
        ScanReasons.Blocked => "If it is yours to visit, --allow with its address or prefix lets you; what Outbound:Deny and the opt-out file name stays out of reach.",
        ScanReasons.BadUrl => "Write it as example.com or https://example.com/path.",
        ScanReasons.Dns => "Is the name right, and is there a name server?",
        ScanReasons.TimedOut => "Sites:Fetch:Timeout (FINGERPRINT_TIMEOUT_MS) is the time for the page with all its redirects.",
        _ => null,
    };

    private static string Verdict(ScanRecord scan) => scan.Class switch
    {
        SiteClass.HttpContent => "content",
        SiteClass.HttpError => Invariant($"error {scan.Http?.Status}"),
        _ => $"unreachable: {scan.Reason?.Replace('_', ' ')}",
    };

    private static void CertificateLine(Output output, TlsFacts tls)
    {
        string first = tls.Certificates is [{ } own, ..] ? $"{own.SubjectCn ?? own.Subject}, issuer {own.Issuer}, until {own.NotAfter}" : "no certificate";
        Line(output, "tls", $"{tls.Version} {tls.Cipher}{(tls.Alpn is null ? "" : " " + tls.Alpn)}; {first}{(tls.Distrust.Count > 0 ? "; not trusted: " + string.Join(", ", tls.Distrust).Replace('_', ' ') : "")}");
    }

    private static void Line(Output output, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            output.Data.WriteLine($"  {name,-13} {Output.Escape(Cut(value))}");
        }
    }

    private static string Joined(IEnumerable<string?> values, string between = ", ")
    {
        string[] all = [.. values.OfType<string>().Where(value => value.Length > 0)];
        return string.Join(between, all.Take(MaxShown)) + (all.Length > MaxShown ? Invariant($" and {all.Length - MaxShown} more") : "");
    }

    private static string Cut(string text) => text.Length > MaxValue ? text[..(MaxValue)] + "…" : text;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
