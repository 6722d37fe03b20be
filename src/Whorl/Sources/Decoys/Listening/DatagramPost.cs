using System.Net;
using System.Net.Sockets;
using Whorl.Kernel;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Listening;

/// <summary>Hears datagrams at one place and answers each with no more bytes than it brought: whoever forges a source gains nothing.</summary>
internal sealed class DatagramPost(DecoyPlace place, IDatagramService service, SourceTable sources, Teller teller, ILogger log) : DecoyPost(place, log)
{
    // DNS over UDP and SNMP stay under it; what is longer is cut by the kernel.
    private const int MaxDatagram = 4096;

    protected override Socket Bind()
    {
        Socket socket = new(Place.EndPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (Place.EndPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(Place.EndPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    protected override async Task RunAsync(Socket socket, CancellationToken stop)
    {
        byte[] buffer = new byte[MaxDatagram];
        EndPoint any = new IPEndPoint(Place.EndPoint.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (true)
        {
            try
            {
                SocketReceiveFromResult got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, any, stop);
                IPEndPoint from = (IPEndPoint)got.RemoteEndPoint;
                ReadOnlyMemory<byte> answer = Hear(buffer.AsSpan(0, got.ReceivedBytes), from);
                if (!answer.IsEmpty)
                {
                    await socket.SendToAsync(answer, SocketFlags.None, from, stop);
                }
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.MessageSize or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.ConnectionRefused or SocketError.AccessDenied or SocketError.InvalidArgument)
            {
                // What one peer's answer ran into says nothing about the next.
            }
        }
    }

    private ReadOnlyMemory<byte> Hear(ReadOnlySpan<byte> datagram, IPEndPoint from)
    {
        PeerAddress source = PeerAddress.From(from.Address);
        teller.Metrics.Datagram(Place.Service.Kind);
        if (sources.Datagram(source, datagram.Length) is { } turned)
        {
            teller.Metrics.Turned(turned);
            Count(taken: false);
            return default;
        }

        Count(taken: true);

        try
        {
            ReadOnlyMemory<byte> answer = service.Answer(datagram, new(teller, Place, new(source, from.Port, PeerAddress.From(Place.EndPoint.Address), Place.EndPoint.Port)));
            return answer[..Math.Min(answer.Length, datagram.Length)];
        }
        catch (Exception fault)
        {
            // A fault of ours over one datagram is no reason to stop hearing.
            teller.Metrics.Fault(Place.Service.Kind);
            DecoysLog.Failed(Log, Place.Decoy, Place.Service.Name, fault);
            return default;
        }
    }
}
