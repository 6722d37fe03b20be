namespace Whorl.Sources.Sites.Scans;

/// <summary>Something that is not as it was at the scan before.</summary>
/// <param name="What">A word of <see cref="All"/>.</param>
/// <param name="Before">As it was, of a set what is gone; null for nothing.</param>
/// <param name="After">As it is, of a set what has come; null for nothing.</param>
internal sealed record ScanChange(string What, string? Before, string? After)
{
    public const string Class = "class";
    public const string Status = "status";
    public const string Host = "host";
    public const string Certificate = "certificate";
    public const string Page = "page";
    public const string Text = "text";
    public const string Title = "title";
    public const string Icon = "icon";
    public const string Tracker = "tracker";

    public static readonly IReadOnlyList<string> All = [Class, Status, Host, Certificate, Page, Text, Title, Icon, Tracker];
}

/// <summary>What changed between two scans of one address.</summary>
internal static class ScanDiff
{
    // A difference is for a line of a list; the records themselves hold everything.
    private const int MaxNamed = 20;

    /// <summary>In the order of <see cref="ScanChange.All"/>. Of two scans of which only one has a page, pages are not compared: that is a change of class; so with certificates.</summary>
    public static IReadOnlyList<ScanChange> Between(ScanRecord before, ScanRecord after)
    {
        List<ScanChange> changes = [];
        One(changes, ScanChange.Class, ClassOf(before), ClassOf(after));
        if (before.Http is { } httpBefore && after.Http is { } httpAfter)
        {
            One(changes, ScanChange.Status, StatusOf(httpBefore), StatusOf(httpAfter));
        }

        Hosts(changes, before, after);
        if (before.Tls?.Certificates is [{ } certificateBefore, ..] && after.Tls?.Certificates is [{ } certificateAfter, ..])
        {
            One(changes, ScanChange.Certificate, certificateBefore.Sha256, certificateAfter.Sha256);
        }

        if (before.Page is { } pageBefore && after.Page is { } pageAfter)
        {
            One(changes, ScanChange.Page, pageBefore.Sha256, pageAfter.Sha256);
            One(changes, ScanChange.Text, pageBefore.TextSha256, pageAfter.TextSha256);
            One(changes, ScanChange.Title, pageBefore.Title, pageAfter.Title);
            Set(changes, ScanChange.Icon, before.Icons.Select(icon => icon.Sha256), after.Icons.Select(icon => icon.Sha256));
            Set(changes, ScanChange.Tracker, pageBefore.Identities.Select(NameOf), pageAfter.Identities.Select(NameOf));
        }

        return changes;
    }

    /// <summary>Whether they say that somebody did something. The bytes of a page alone change with every visit to many sites.</summary>
    public static bool IsTelling(IEnumerable<string> changed) => changed.Any(what => what != ScanChange.Page);

    // Servers with many addresses answer with some of them: only all others are a move.
    private static void Hosts(List<ScanChange> changes, ScanRecord before, ScanRecord after)
    {
        string? hostBefore = FinalHost(before), hostAfter = FinalHost(after);
        if (hostBefore is not null && hostAfter is not null && hostBefore != hostAfter)
        {
            changes.Add(new(ScanChange.Host, hostBefore, hostAfter));
            return;
        }

        string[] from = Addresses(before), to = Addresses(after);
        if (from.Length > 0 && to.Length > 0 && !from.Intersect(to, StringComparer.Ordinal).Any())
        {
            Set(changes, ScanChange.Host, from, to);
        }
    }

    private static void One(List<ScanChange> changes, string what, string? before, string? after)
    {
        if (before != after)
        {
            changes.Add(new(what, before, after));
        }
    }

    private static void Set(List<ScanChange> changes, string what, IEnumerable<string> before, IEnumerable<string> after)
    {
        HashSet<string> from = new(before, StringComparer.Ordinal), to = new(after, StringComparer.Ordinal);
        if (!from.SetEquals(to))
        {
            changes.Add(new(what, Names(from.Except(to, StringComparer.Ordinal)), Names(to.Except(from, StringComparer.Ordinal))));
        }
    }

    private static string? Names(IEnumerable<string> names)
    {
        string[] sorted = [.. names.Order(StringComparer.Ordinal)];
        return sorted.Length == 0 ? null : string.Join(", ", sorted.Take(MaxNamed)) + (sorted.Length > MaxNamed ? $", … {sorted.Length - MaxNamed} more" : "");
    }

    private static string ClassOf(ScanRecord scan)
    {
        string name = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(scan.Class.ToString());
        return scan.Class == SiteClass.Unreachable && scan.Reason is not null ? $"{name}: {scan.Reason}" : name;
    }

    private static string? StatusOf(HttpFacts http) => http.Status == 0 ? null : $"{http.Status}";

    private static string? FinalHost(ScanRecord scan) => scan.Http is { Status: > 0 } http && Uri.TryCreate(http.FinalUrl, UriKind.Absolute, out Uri? uri) ? uri.IdnHost.ToLowerInvariant() : null;

    private static string[] Addresses(ScanRecord scan) => scan.Network is not { } network ? [] : network.Addresses.Count > 0 ? [.. network.Addresses.Select(each => each.Ip)] : network.Ip is { } ip ? [ip] : [];

    private static string NameOf(IdentityFact identity) => $"{identity.Kind}:{identity.Value}";
}
