using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// Puts the connection middlewares of a listener in their order: socket and PROXY protocol, ClientHello, TLS, first bytes of HTTP.
/// </summary>
internal sealed class EdgeListening(CertificateStore certificates, IOptions<TlsOptions> tls, TimeProvider clock)
{
    /// <summary>Listening sockets keep the SYN of each connection, for its TCP signature.</summary>
    public static void KeepSyn(SocketTransportOptions transport)
    {
        Func<System.Net.EndPoint, System.Net.Sockets.Socket> create = transport.CreateBoundListenSocket;
        transport.CreateBoundListenSocket = endPoint =>
        {
            System.Net.Sockets.Socket socket = create(endPoint);
            if (endPoint is System.Net.IPEndPoint)
            {
                SavedSyn.Keep(socket);
            }

            return socket;
        };
    }

    public void Configure(ListenOptions listen, bool https, bool proxyProtocol, IReadOnlyList<Network> trustedProxies)
    {
        TimeSpan deadline = tls.Value.HandshakeTimeout;
        ConnectionStart start = new(proxyProtocol, trustedProxies, deadline, clock);
        listen.Use(next => connection => start.RunAsync(connection, next));
        if (https)
        {
            HelloPeek peek = new(deadline, clock);
            listen.Use(next => connection => peek.RunAsync(connection, next));
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = context => new(certificates.For(context.ClientHelloInfo.ServerName)),
                HandshakeTimeout = deadline,
            });
            listen.Protocols = HttpProtocols.Http1AndHttp2;
        }
        else
        {
            listen.Protocols = HttpProtocols.Http1;
        }

        listen.Use(next => connection => HeadWatch.RunAsync(connection, next));
    }
}
