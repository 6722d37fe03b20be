using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Connections;

/// <summary>Comes first on every connection: makes its <see cref="ConnectionFacts"/> from the socket and, where the listener asks for it, the PROXY protocol header.</summary>
internal sealed class ConnectionStart(bool proxyProtocol, TrustedProxies trusted, TimeSpan deadline, TimeProvider clock)
{
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint remote)
        {
            await next(connection);
            return;
        }

        PeerAddress peer = PeerAddress.From(remote.Address);
        ConnectionFacts facts = new() { Peer = peer, PeerPort = remote.Port, FromTrustedProxy = trusted.Contains(peer) };
        connection.Features.Set(facts);
        if (proxyProtocol)
        {
            // Only listeners marked so read it, and only from proxies the operator named: anybody can write such a header.
            if (!facts.FromTrustedProxy || !await ProxyProtocol.ReadAsync(connection, facts, deadline, clock))
            {
                connection.Abort(new ConnectionAbortedException("no PROXY protocol header from a trusted proxy"));
                return;
            }
        }
        else if (!facts.FromTrustedProxy && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: not AddressFamily.Unix } socket)
        {
            facts.TcpSignature = SavedSyn.SignatureOf(socket);
        }

        await next(connection);
    }
}
