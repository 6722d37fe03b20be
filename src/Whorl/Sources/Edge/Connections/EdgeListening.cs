using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Connections;

/// <summary>Puts the connection middlewares of a listener in their order: socket and PROXY protocol, ClientHello, TLS, first bytes of HTTP.</summary>
internal sealed class EdgeListening(CertificateStore certificates, IOptions<TlsOptions> tls, IOptions<EdgeOptions> edge, TimeProvider clock)
{
    private readonly TrustedProxies _trusted = new(edge.Value.TrustedProxies.Select(text => Network.TryParse(text, out Network network) ? network : default));

    /// <summary>A bound socket that keeps the SYN of each connection, for its TCP signature.</summary>
    public static Socket Listen(EndPoint endPoint)
    {
        Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        if (endPoint is IPEndPoint)
        {
            SavedSyn.Keep(socket);
        }

        return socket;
    }

    /// <summary>Adds every step to one listener.</summary>
    /// <exception cref="IOException">The listener is https and the certificates cannot be read.</exception>
    public void Configure(ListenOptions listen, string scheme)
    {
        TimeSpan deadline = tls.Value.HandshakeTimeout;
        ConnectionStart start = new(ExpectsProxyHeader(listen.EndPoint), _trusted, deadline, clock);
        listen.Use(next => connection => start.RunAsync(connection, next));
        if (scheme == Uri.UriSchemeHttps)
        {
            certificates.Reload();
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

    private bool ExpectsProxyHeader(EndPoint? endPoint) =>
        edge.Value.ProxyProtocol.Any(text => EdgeOptionsCheck.TryReadListen(text, out (string Scheme, IPEndPoint EndPoint) listen) && listen.EndPoint.Equals(endPoint));
}
