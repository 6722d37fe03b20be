using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Tls;

/// <summary>Picks the TLS of one visit: that of the host that was asked for where it speaks TLS, else of where the redirects lead. JARM starts as soon as it is known where.</summary>
internal sealed class TlsWatch(JarmAsker jarm, FetchOptions options, string site, CancellationToken cancel)
{
    private TlsFacts? _facts;
    private bool _own;
    private Task<(string? Jarm, string? Fault)>? _asking;
    private Func<Task<(string? Jarm, string? Fault)>>? _later;

    /// <summary>The address of the host that was asked for, as far as it was reached by TLS.</summary>
    public string? Address { get; private set; }

    /// <summary>Told of each connection; calls do not overlap.</summary>
    public void Opened(Uri url, SiteConnection connection)
    {
        bool own = WebAddress.HostOf(url) == site;
        if (connection.Tls is null || options.DisableTls || _own)
        {
            return;
        }

        (_facts, _own) = (connection.Tls, own);
        Address = own ? connection.Address.ToString() : Address;
        if (options.DisableJarm)
        {
            return;
        }

        // Another host's is asked only when it is sure that the site has none.
        _later = () => AskAsync(url, connection);
        _asking = own ? _later() : _asking;
    }

    public async Task<TlsFacts?> FactsAsync(List<string> faults)
    {
        if (_facts is null)
        {
            return null;
        }

        Task<(string? Jarm, string? Fault)>? asking = _asking ?? _later?.Invoke();
        if (asking is null)
        {
            return _facts;
        }

        (string? hash, string? fault) = await asking;
        if (fault is not null)
        {
            faults.Add($"jarm: {fault}");
        }

        return _facts with { Jarm = hash };
    }

    private async Task<(string? Jarm, string? Fault)> AskAsync(Uri url, SiteConnection connection)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.JarmTimeout);
        try
        {
            return (await jarm.AskAsync(connection.Address, url.Port, url.IdnHost, limit.Token), null);
        }
        catch (Exception fault) when (FetchException.Of(fault) is { } known)
        {
            return (null, known.Reason);
        }
    }
}
