using Whorl.Kernel;

namespace Whorl.Sources.Sites.Scans;

/// <summary>Waits for leave to visit an address; the place there is left by disposing it.</summary>
internal delegate ValueTask<IDisposable> EnterAddress(PeerAddress address);

/// <summary>Visits one site. Whatever the site does, there is a record; only cancelling throws.</summary>
internal interface ISiteScanner
{
    /// <param name="id">The run's id, which becomes the scan's.</param>
    /// <param name="enter">Asked once, for the address that the site's own name has, before anything goes there; where redirects lead is not asked, or two that lead to each other would wait for ever. Null: nobody is.</param>
    Task<ScanRecord> ScanAsync(string id, string url, EnterAddress? enter, CancellationToken cancel);
}
