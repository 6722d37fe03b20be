using System.Text;
using System.Text.Json;
using Whorl.Kernel.Sites;
using Whorl.Kernel.Writing;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Convex;

/// <summary>Scans in the form that Convex keeps: the record as JSON text, and beside it what lists and pivots need. Features are of the whole scan, also where the record had to be cut.</summary>
internal static class ConvexScans
{
    /// <summary>Bytes of a record. A document of Convex has at most 1 MiB; the functions refuse a record of more.</summary>
    public const int MaxRecord = 900 * 1024;

    // As long as a line of a list is of use.
    private const int MaxTitle = 512;

    // What is left out of a record that is too large, one after another until it fits: first what only a page that wants to flood has much of.
    private static readonly (string What, Func<ScanRecord, ScanRecord> Cut)[] Cuts =
    [
        ("comments", scan => scan with { Page = scan.Page is { } page ? page with { Comments = [] } : null }),
        ("scripts", scan => scan with { Page = scan.Page is { } page ? page with { Scripts = [] } : null }),
        ("external domains", scan => scan with { Page = scan.Page is { } page ? page with { ExternalDomains = [], Iframes = [] } : null }),
        ("forms", scan => scan with { Page = scan.Page is { } page ? page with { Forms = [] } : null }),
        ("identities", scan => scan with { Page = scan.Page is { } page ? page with { Identities = [] } : null }),
        ("sample", scan => scan with { Http = scan.Http is { } http ? http with { Sample = null } : null }),
        ("headers", scan => scan with { Http = scan.Http is { } http ? http with { Headers = [], SetCookies = [] } : null }),
        ("assets", scan => scan with { Assets = [] }),
        ("certificates", scan => scan with { Tls = scan.Tls is { } tls ? tls with { Certificates = [] } : null }),
        ("page", scan => scan with { Page = null }),
        ("http", scan => scan with { Http = null }),
        ("all else", scan => scan with { Icons = [], Tls = null, Network = null, Detail = null, Faults = [] }),
    ];

    public static ScanShape Of(ScanRecord scan, ScanFeatureReader features) => new(
        scan.Id, scan.Site, scan.Url, ConvexTime.Of(scan.Time), scan.Class, scan.Reason, scan.Http is { Status: > 0 } http ? http.Status : null,
        scan.Page?.Title is { } title ? ShortText.Cut(title, MaxTitle) : null, scan.Network?.Ip, ScanLines.Icon(scan), Record(scan),
        [.. features.Of(scan).Take(SiteFeature.MaxOfOneScan).Select(feature => new FeatureShape(feature.Kind, feature.Value))], scan.Changed);

    public static ScanRecord Read(string record) => JsonSerializer.Deserialize<ScanRecord>(record, ScanJson.Options)!;

    private static string Record(ScanRecord scan)
    {
        string record = JsonSerializer.Serialize(scan, ScanJson.Options);
        List<string> without = [];
        ScanRecord cut = scan;
        foreach ((string what, Func<ScanRecord, ScanRecord> leaveOut) in Cuts)
        {
            if (Encoding.UTF8.GetByteCount(record) <= MaxRecord)
            {
                break;
            }

            without.Add(what);
            cut = leaveOut(cut);
            record = JsonSerializer.Serialize(cut with { Faults = [.. cut.Faults, $"record: kept without {string.Join(", ", without)}: too large for Convex"] }, ScanJson.Options);
        }

        return record;
    }
}
