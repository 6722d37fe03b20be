using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Whorl.Kernel;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>Hears ICMP errors for any number of probes at once. Only what a target itself says counts: a router on the way is somebody else.</summary>
internal sealed class IcmpExchange : IDisposable
{
    private const int BufferLength = 4096;

    private readonly ConcurrentDictionary<(PeerAddress Target, byte Protocol, ushort Port), TaskCompletionSource<IcmpError>> _waiting = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _v4;
    private readonly Socket? _v6;

    private IcmpExchange(Socket v4, Socket? v6)
    {
        (_v4, _v6) = (v4, v6);
        _ = HearAsync(v4, isV6: false);
        if (v6 is not null)
        {
            _ = HearAsync(v6, isV6: true);
        }
    }

    /// <summary>Opens the sockets; null where this process may not (CAP_NET_RAW).</summary>
    public static IcmpExchange? TryOpen()
    {
        Socket v4;
        try
        {
            v4 = Open(AddressFamily.InterNetwork, ProtocolType.Icmp, IPAddress.Any);
        }
        catch (SocketException)
        {
            return null;
        }

        try
        {
            return new(v4, Open(AddressFamily.InterNetworkV6, ProtocolType.IcmpV6, IPAddress.IPv6Any));
        }
        catch (SocketException)
        {
            return new(v4, null); // a machine without IPv6
        }
    }

    /// <summary>Waits for the error that a packet to <paramref name="target"/> provokes; begin before it is sent, end by <see cref="Forget"/>.</summary>
    public Task<IcmpError> Expect(PeerAddress target, byte protocol, ushort port) =>
        _waiting.GetOrAdd((target, protocol, port), _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Forget(PeerAddress target, byte protocol, ushort port) => _waiting.TryRemove((target, protocol, port), out _);

    public void Dispose()
    {
        _stop.Cancel();
        _v4.Dispose();
        _v6?.Dispose();
        _stop.Dispose();
    }

    // .NET receives only on what is bound; the kernel would not ask for it.
    private static Socket Open(AddressFamily family, ProtocolType protocol, IPAddress any)
    {
        Socket socket = new(family, SocketType.Raw, protocol);
        try
        {
            socket.Bind(new IPEndPoint(any, 0));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task HearAsync(Socket socket, bool isV6)
    {
        byte[] buffer = new byte[BufferLength];
        IPEndPoint anybody = new(isV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        CancellationToken stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult heard = await socket.ReceiveFromAsync(buffer, SocketFlags.None, anybody, stop);
                ReadOnlySpan<byte> bytes = buffer.AsSpan(0, heard.ReceivedBytes);
                if ((isV6 ? IcmpError.TryReadV6(bytes, out IcmpError error) : IcmpError.TryReadV4(bytes, out error))
                    && PeerAddress.From(((IPEndPoint)heard.RemoteEndPoint).Address) == error.Target
                    && _waiting.TryGetValue((error.Target, error.Protocol, error.Port), out TaskCompletionSource<IcmpError>? waiter))
                {
                    waiter.TrySetResult(error);
                }
            }
            catch (SocketException)
            {
                // The kernel tells of its own trouble with a packet; the next one is read.
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
