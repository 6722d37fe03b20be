using System.Net.Security;
using System.Net.Sockets;
using Whorl.Fingerprints.Jarm;
using Whorl.Kernel;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Tls;

/// <summary>
/// Picks the TLS of one visit: that of the host that was asked for where it speaks TLS, though the page came without, else of where the redirects lead.
/// JARM starts as soon as it is known where.
/// </summary>
internal sealed class TlsWatch(JarmAsker jarm, FetchOptions options, string site, CancellationToken cancel)
{
    private const int HttpsPort = 443;

    private TlsFacts? _facts;
    private bool _own;
    private Task<(string? Jarm, string? Fault)>? _asking;
    private Func<Task<(string? Jarm, string? Fault)>>? _later;
    private Task<TlsFacts?>? _looking;

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
        _later = () => AskAsync(connection.Address, url.Port, url.IdnHost);
        _asking = own ? _later() : _asking;
    }

    /// <summary>Where the visit met no TLS of the host that was asked for: begins to ask its port for it. A port that is closed, or speaks something else, is no fault.</summary>
    public void Look(Uri asked, Dialer dialer, SiteNames names)
    {
        if (!_own && !options.DisableTls)
        {
            _looking = LookAsync(asked.Scheme == Uri.UriSchemeHttps ? asked.Port : HttpsPort, asked.IdnHost, dialer, names);
        }
    }

    public async Task<TlsFacts?> FactsAsync(List<string> faults)
    {
        if (_looking is not null && await _looking is { } looked && !_own)
        {
            return looked;
        }

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

    private async Task<TlsFacts?> LookAsync(int port, string host, Dialer dialer, SiteNames names)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.JarmTimeout);
        TlsFacts? facts = null;
        string? hash = null;
        try
        {
            Dialed dialed = await dialer.ConnectAsync(host, port, names, cancel, limit.Token);

            // JARM is of servers too that want another handshake than ours.
            Task<(string? Jarm, string? Fault)>? asking = options.DisableJarm ? null : AskAsync(dialed.Address, port, host);
            facts = await ShakeHandsAsync(new NetworkStream(dialed.Socket, ownsSocket: true), host, limit.Token);
            hash = asking is null ? null : (await asking).Jarm;
        }
        catch (Exception fault) when (FetchException.Of(fault) is not null)
        {
            return null;
        }

        return hash is null || hash == JarmHash.None ? facts : (facts ?? new()) with { Jarm = hash };
    }

    private static async Task<TlsFacts?> ShakeHandsAsync(NetworkStream wire, string host, CancellationToken cancel)
    {
        try
        {
            (SslStream stream, TlsFacts facts) = await TlsSession.OpenAsync(wire, host, cancel);
            await stream.DisposeAsync();
            return facts;
        }
        catch (Exception fault) when (FetchException.Of(fault) is not null)
        {
            return null;
        }
    }

    private async Task<(string? Jarm, string? Fault)> AskAsync(PeerAddress address, int port, string host)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.JarmTimeout);
        try
        {
            return (await jarm.AskAsync(address, port, host, limit.Token), null);
        }
        catch (Exception fault) when (FetchException.Of(fault) is { } known)
        {
            return (null, known.Reason);
        }
    }
}
