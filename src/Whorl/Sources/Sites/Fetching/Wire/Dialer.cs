using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Wire;

/// <summary>A TCP connection, and what it took.</summary>
internal readonly record struct Dialed(Socket Socket, PeerAddress Address, long NamesMs, long ConnectMs);

/// <summary>Connects to what the guard lets through, and to the very address that it was asked about.</summary>
internal sealed class Dialer(OutboundGuard guard)
{
    // Several addresses share the time of the page: one that swallows packets must not use it up.
    private static readonly TimeSpan OneAddress = TimeSpan.FromSeconds(3);

    /// <summary>Tries the addresses of a name in their order.</summary>
    public async Task<Dialed> ConnectAsync(string host, int port, SiteNames names, CancellationToken visit, CancellationToken cancel)
    {
        NamedAddresses found = await names.AddressesAsync(host, visit).WaitAsync(cancel);
        if (found.Addresses.Count == 0)
        {
            throw new FetchException(ScanReasons.Dns, $"{host}: {found.Fault}");
        }

        long start = Stopwatch.GetTimestamp();
        FetchException? last = null;
        foreach (PeerAddress address in found.Addresses)
        {
            try
            {
                return new(await ConnectAsync(address, port, found.Addresses.Count == 1 ? Timeout.InfiniteTimeSpan : OneAddress, cancel), address, found.Ms, Elapsed(start));
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested && FetchException.Of(fault) is { } known)
            {
                // That an address may not be reached says less than what another did.
                last = last is null || known.Reason != ScanReasons.Blocked ? known : last;
            }
        }

        throw last!;
    }

    /// <summary>Connects to one address, if the guard lets it.</summary>
    public async Task<Socket> ConnectAsync(PeerAddress address, int port, TimeSpan patience, CancellationToken cancel)
    {
        OutboundVerdict verdict = guard.Check(address);
        if (!verdict.Allowed)
        {
            throw new FetchException(ScanReasons.Blocked, $"{address}: {verdict.Why()}");
        }

        IPAddress ip = address.ToIPAddress();
        Socket socket = new(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (patience == Timeout.InfiniteTimeSpan)
            {
                await socket.ConnectAsync(ip, port, cancel);
            }
            else
            {
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(patience);
                await socket.ConnectAsync(ip, port, limit.Token);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static long Elapsed(long start) => (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}
