namespace Whorl.Sources.Sites.Scans;

/// <summary>Visits one site. Whatever the site does, there is a record; only cancelling throws.</summary>
internal interface ISiteScanner
{
    /// <param name="id">The run's id, which becomes the scan's.</param>
    Task<ScanRecord> ScanAsync(string id, string url, CancellationToken cancel);
}
