using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Whorl.Kernel;
using Whorl.Native.Sockets;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>
/// Sends SYNs and waits for what answers them, for any number of probes at once, over one socket that hears and one for each family that sends. The kernel
/// knows nothing of these connections: it resets what is accepted by itself.
/// </summary>
internal sealed class SynExchange : IDisposable
{
    // Network order, as packet(7) wants it; .NET passes the number on.
    private const ProtocolType AnyProtocol = (ProtocolType)0x0300;

    // Two of a SYN and its answer fit; jumbo frames do not carry either.
    private const int BufferLength = 2048;

    private readonly ConcurrentDictionary<(PeerAddress Peer, ushort PeerPort, ushort Port), TaskCompletionSource<SynAnswer>> _waiting = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SourcePorts _ports;
    private readonly Socket _hearing;
    private readonly Socket? _sendingV4;
    private readonly Socket? _sendingV6;
    private readonly Task _work;

    private SynExchange(SourcePorts ports, Socket hearing, Socket? sendingV4, Socket? sendingV6)
    {
        (_ports, _hearing, _sendingV4, _sendingV6) = (ports, hearing, sendingV4, sendingV6);
        _work = HearAsync();
    }

    /// <summary>Opens the sockets; null where this process may not (CAP_NET_RAW).</summary>
    public static SynExchange? TryOpen(SourcePorts ports)
    {
        Socket? hearing = null;
        try
        {
            hearing = new(AddressFamily.Packet, SocketType.Dgram, AnyProtocol);
            PortRange range = ports.Range ?? new(1, ushort.MaxValue);
            if (SocketFilter.Attach(hearing.SafeHandle, SocketFilter.SynAnswers(range.First, range.Last)) != 0)
            {
                hearing.Dispose();
                return null;
            }

            return new(ports, hearing, OpenSender(AddressFamily.InterNetwork), OpenSender(AddressFamily.InterNetworkV6));
        }
        catch (SocketException)
        {
            hearing?.Dispose();
            return null;
        }
    }

    /// <summary>Sends a SYN, again where nothing comes, until something answers or the deadline ends.</summary>
    public async Task<SynAnswer> AskAsync(PeerAddress peer, ushort port, ProbeBudget budget)
    {
        Socket sender = (peer.IsV4 ? _sendingV4 : _sendingV6) ?? throw new SocketException((int)SocketError.NetworkUnreachable);
        IPAddress target = peer.ToIPAddress();
        IPAddress source = SourceFor(target, port);
        uint sequence = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        TaskCompletionSource<SynAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ushort own = _ports.Next();
        for (int tries = 1; !_waiting.TryAdd((peer, port, own), answer); tries++)
        {
            own = tries < SourcePorts.MaxTries ? _ports.Next() : throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        try
        {
            byte[] segment = SynPacket.Make(source, own, target, port, sequence);
            for (TimeSpan rest = TimeSpan.FromSeconds(1); ; rest *= 2)
            {
                budget.Authorize(peer);
                await sender.SendToAsync(segment, SocketFlags.None, new IPEndPoint(target, 0), budget.Deadline);
                try
                {
                    while (true)
                    {
                        SynAnswer got = await answer.Task.WaitAsync(rest, budget.Deadline);
                        if (got.Acknowledged == sequence + 1)
                        {
                            return got;
                        }

                        // Somebody guesses ports; what does not know our number is no answer.
                        answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
                        _waiting[(peer, port, own)] = answer;
                    }
                }
                catch (TimeoutException)
                {
                    // As TCP does, after one second, then two.
                }
            }
        }
        finally
        {
            _waiting.TryRemove((peer, port, own), out _);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _hearing.Dispose();
        _sendingV4?.Dispose();
        _sendingV6?.Dispose();
        _ = _work.ContinueWith(_ => _stop.Dispose(), TaskScheduler.Default);
    }

    private static Socket? OpenSender(AddressFamily family)
    {
        try
        {
            Socket socket = new(family, SocketType.Raw, ProtocolType.Tcp);
            _ = SocketFilter.Attach(socket.SafeHandle, SocketFilter.Nothing);
            return socket;
        }
        catch (SocketException fault) when (family == AddressFamily.InterNetworkV6 && fault.SocketErrorCode != SocketError.AccessDenied)
        {
            return null; // a machine without IPv6
        }
    }

    // The kernel chooses by its routes; connecting a datagram socket sends nothing.
    private static IPAddress SourceFor(IPAddress target, ushort port)
    {
        using Socket socket = new(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(new IPEndPoint(target, port));
        return ((IPEndPoint)socket.LocalEndPoint!).Address;
    }

    private async Task HearAsync()
    {
        byte[] buffer = new byte[BufferLength];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                int count = await _hearing.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
                if (SynPacket.TryRead(buffer.AsSpan(0, count), out SynAnswer answer) && _waiting.TryGetValue((answer.Source, answer.SourcePort, answer.Port), out TaskCompletionSource<SynAnswer>? waiter))
                {
                    waiter.TrySetResult(answer);
                }
            }
            catch (SocketException)
            {
                // An interface went down; the next packet comes over another, or none does.
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
