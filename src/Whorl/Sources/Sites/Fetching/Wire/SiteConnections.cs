using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Tls;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Wire;

/// <summary>The connections of one visit. One that has been read to the end of its answer is used again; nothing outlives the visit.</summary>
internal sealed class SiteConnections(Dialer dialer, SiteNames names, CancellationToken visit) : IDisposable
{
    private readonly List<(string Key, SiteConnection Connection)> _idle = [];

    /// <summary>Told of each connection that was opened.</summary>
    public Action<Uri, SiteConnection>? Opened { get; set; }

    public async Task<SiteConnection> TakeAsync(Uri url, CancellationToken cancel)
    {
        string key = KeyOf(url);
        int at = _idle.FindIndex(each => each.Key == key);
        if (at >= 0)
        {
            SiteConnection idle = _idle[at].Connection;
            _idle.RemoveAt(at);
            return idle;
        }

        return await OpenAsync(url, cancel);
    }

    public void Give(Uri url, SiteConnection connection)
    {
        if (connection.IsReusable)
        {
            _idle.Add((KeyOf(url), connection));
        }
        else
        {
            connection.Dispose();
        }
    }

    public void Dispose()
    {
        foreach ((_, SiteConnection connection) in _idle)
        {
            connection.Dispose();
        }

        _idle.Clear();
    }

    public async Task<SiteConnection> OpenAsync(Uri url, CancellationToken cancel)
    {
        Dialed dialed = await dialer.ConnectAsync(url.IdnHost, url.Port, names, visit, cancel);
        NetworkStream wire = new(dialed.Socket, ownsSocket: true);
        TimingFacts timing = new() { DnsMs = dialed.NamesMs, ConnectMs = dialed.ConnectMs };
        SiteConnection connection;
        if (url.Scheme == Uri.UriSchemeHttps)
        {
            long start = Stopwatch.GetTimestamp();
            (SslStream stream, TlsFacts facts) = await TlsSession.OpenAsync(wire, url.IdnHost, cancel);
            connection = new(stream, dialed.Address, facts, timing with { TlsMs = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds });
        }
        else
        {
            connection = new(wire, dialed.Address, null, timing);
        }

        Opened?.Invoke(url, connection);
        return connection;
    }

    private static string KeyOf(Uri url) => $"{url.Scheme} {url.IdnHost} {url.Port}";
}
