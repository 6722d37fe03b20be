using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Tests.Probes;

/// <summary>A server in this process that does to each connection what a test says, and counts them.</summary>
internal sealed class FakePeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<NetworkStream, int, CancellationToken, Task> _talk;
    private readonly Task _work;
    private readonly List<Task> _talks = [];
    private int _connections;

    public FakePeer(Func<NetworkStream, int, CancellationToken, Task> talk)
    {
        _talk = talk;
        _listener.Start(64);
        _work = AcceptAsync();
    }

    public ushort Port => (ushort)((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public ProbeTarget Target => ProbeTarget.Of(PeerAddress.From(IPAddress.Loopback), Port);

    /// <summary>A peer that says nothing, whatever it is told.</summary>
    public static FakePeer Silent() => new(async (stream, _, stop) => _ = await stream.ReadAtLeastAsync(new byte[1 << 20], 1 << 20, throwOnEndOfStream: false, stop));

    /// <summary>A peer that sends some bytes for ever, one at a time.</summary>
    public static FakePeer Tarpit(byte value) => new(async (stream, _, stop) =>
    {
        while (true)
        {
            await stream.WriteAsync(new[] { value }, stop);
            await Task.Delay(TimeSpan.FromMilliseconds(20), stop);
        }
    });

    /// <summary>A peer that hangs up as soon as it has heard something.</summary>
    public static FakePeer Closing() => new(async (stream, _, stop) => _ = await stream.ReadAsync(new byte[4096], stop));

    /// <summary>A peer that reads once and answers, all at once or byte by byte.</summary>
    public static FakePeer Answering(Func<byte[], byte[]?> answer, bool dribble = false) => new(async (stream, _, stop) =>
    {
        byte[] asked = new byte[4096];
        int count = await stream.ReadAsync(asked, stop);
        if (answer(asked[..count]) is not { } bytes)
        {
            return;
        }

        await SendAsync(stream, bytes, dribble, stop);
        _ = await stream.ReadAtLeastAsync(new byte[1 << 20], 1 << 20, throwOnEndOfStream: false, stop);
    });

    public static async Task SendAsync(NetworkStream stream, byte[] bytes, bool dribble, CancellationToken stop)
    {
        stream.Socket.NoDelay = true;
        foreach (byte[] part in dribble ? bytes.Chunk(1) : [bytes])
        {
            await stream.WriteAsync(part, stop);
            await Task.Yield();
        }
    }

    /// <summary>A port on which nobody listens.</summary>
    public static ProbeTarget Nobody()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ProbeTarget.Of(PeerAddress.From(IPAddress.Loopback), (ushort)((IPEndPoint)listener.LocalEndpoint).Port);
    }

    /// <summary>Lets a probe ask, with the loopback allowed.</summary>
    public static Task<Answered> AskAsync(IProbe probe, ProbeTarget target, TimeSpan? timeout = null, int maxBytes = 1 << 20, int atOnce = 20, string[]? allow = null, string ports = "61000-64999")
    {
        TimeProvider clock = TimeProvider.System;
        OutboundGuard guard = new(new OutboundOptions { Allow = [.. allow ?? ["127.0.0.0/8"]] }, clock, NullLogger.Instance, null, () => OwnAddresses.None);
        Asker asker = new(new ProbeLimits(100, 100_000, clock), guard, new SourcePorts(ports), timeout ?? TimeSpan.FromSeconds(20), maxBytes, clock);
        return asker.AskAsync(probe, target, new TargetLimits(atOnce, 100_000, clock), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _work;
        await Task.WhenAll(_talks);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _talks.Add(TalkAsync(client, Interlocked.Increment(ref _connections)));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(TcpClient client, int number)
    {
        using (client)
        {
            try
            {
                await _talk(client.GetStream(), number, _stop.Token);
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The probe has left, or the test is over.
            }
        }
    }
}
