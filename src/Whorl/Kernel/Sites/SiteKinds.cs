namespace Whorl.Kernel.Sites;

/// <summary>Kinds of observations that visits to web sites make.</summary>
internal static class SiteKinds
{
    public const string Scan = "site.scan";

    public static readonly ObservedField[] Common =
    [
        new("site.url", FieldType.Text, "The address that was visited, as it was asked for."),
        new("site.scan", FieldType.Text, "Id of the scan; the record of it holds everything that was found."),
    ];

    public static readonly ObservationKind[] All =
    [
        new(Scan, "One visit to a web site.",
        [
            new("site.class", FieldType.Text, "`http_content`, `http_error` or `unreachable`."),
            new("site.reason", FieldType.Text, "Why it is no content: `dns`, `refused`, `tls`, `timed_out`, `too_large`, `blocked`, …"),
            new("site.status", FieldType.Number, "Status of the last answer."),
            new("site.final_url", FieldType.Text, "Where the redirects ended."),
            new("site.title", FieldType.Text, "Title of the page."),
            new("site.changed", FieldType.Text, "What is not as at the visit before of the same address, joined by commas: `class`, `status`, `host`, `certificate`, `page`, `text`, `title`, `icon`, `tracker`; absent where nothing is, and at the first."),
            new("site.features", FieldType.Text, "What other sites may share: an array of texts, each `kind=value`. Kinds are those of the table of features."),
        ]),
    ];
}
