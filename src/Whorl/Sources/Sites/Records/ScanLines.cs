using System.Globalization;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Records;

/// <summary>What a scan says that other sites may share.</summary>
internal sealed record ScanFeatureReader(Func<ScanRecord, IReadOnlyList<SiteFeature>> Of);

/// <summary>What lists show of a scan, the same in every system of record.</summary>
internal static class ScanLines
{
    /// <summary>The first icon, as feature <c>icon_mmh3</c> has it.</summary>
    public static string? Icon(ScanRecord scan) => scan.Icons is [{ } first, ..] ? first.Mmh3.ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>The line of a scan.</summary>
    public static ScanLine Line(ScanRecord scan) => new(scan.Id, scan.Url, scan.Time, scan.Class, scan.Reason, scan.Http is { Status: > 0 } http ? http.Status : null, scan.Page?.Title, scan.Changed);

    /// <summary>The line of a site, from all its scans.</summary>
    public static SiteSummary Summary(IEnumerable<ScanRecord> scans)
    {
        ScanRecord[] all = [.. scans.OrderBy(scan => scan.Id, StringComparer.Ordinal)];
        ScanRecord last = all[^1];
        return new(
            last.Site, last.Url, last.Class, last.Reason, last.Http is { Status: > 0 } http ? http.Status : null, last.Page?.Title, last.Network?.Ip, Icon(last), all.Length, all.Min(scan => scan.Time), last.Time,
            all.LastOrDefault(scan => scan.Changed is { Count: > 0 })?.Time, last.Id);
    }
}
