using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Whorl.Kernel;
using Whorl.Sources.Edge.Connections;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>What stays the same for all requests of one client connection.</summary>
internal sealed class ClientConnection
{
    private byte[]? _wireFragment;

    private string? _fragmentHttp2;

    private string? _fragmentOrder;

    private PeerAddress _textOf;

    private byte[]? _text;

    public ClientConnection(ConnectionContext context, TrustedProxies trusted, bool isTls)
    {
        Facts = context.Features.Get<ConnectionFacts>() ?? FromSocket(context);
        IsTls = isTls;
        PeerTrusted = trusted.Contains(Facts.Peer);
        Direct = !PeerTrusted && !Facts.FromTrustedProxy;
    }

    public ConnectionFacts Facts { get; }

    public bool IsTls { get; }

    /// <summary>True where whom the connection comes from (as the PROXY protocol says, where it is spoken) may name its client in a header.</summary>
    public bool PeerTrusted { get; }

    /// <summary>True where TLS, TCP and HTTP/2 are the client's own.</summary>
    public bool Direct { get; }

    /// <summary>An address as text, made once while it stays the same.</summary>
    public byte[] TextOf(PeerAddress address)
    {
        if (_text is null || _textOf != address)
        {
            _text = Encoding.ASCII.GetBytes(address.ToString());
            _textOf = address;
        }

        return _text;
    }

    /// <summary>The connection's own fields, encoded for observations; made once.</summary>
    public byte[] WireFragment()
    {
        // The HTTP/2 print and the header order come with the first request, maybe after the first call.
        if (_wireFragment is null || _fragmentHttp2 != Facts.Http2Fingerprint || _fragmentOrder != Facts.HeaderOrder)
        {
            _fragmentHttp2 = Facts.Http2Fingerprint;
            _fragmentOrder = Facts.HeaderOrder;
            _wireFragment = Recording.RecordEncoder.Fragment(
                (Fields.TlsJa3, Facts.Ja3),
                (Fields.TlsJa4, Facts.Ja4),
                (Fields.TlsSni, Facts.Sni),
                (Fields.TlsAlpn, Facts.Alpn),
                (Fields.TlsVersion, Facts.TlsVersion),
                (Fields.TcpSignature, Facts.TcpSignature),
                (Fields.Http2Fingerprint, Facts.Http2Fingerprint),
                (Fields.HttpHeaderOrder, Facts.HeaderOrder));
        }

        return _wireFragment;
    }

    private static ConnectionFacts FromSocket(ConnectionContext context)
    {
        // A Unix socket has no address; whoever may open it is on this machine.
        IPEndPoint end = context.RemoteEndPoint as IPEndPoint ?? new(IPAddress.Loopback, 0);
        ConnectionFacts facts = new() { Peer = PeerAddress.From(end.Address), PeerPort = end.Port };
        context.Features.Set(facts);
        return facts;
    }
}
