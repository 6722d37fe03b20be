using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Tests.Capture.Flows;

/// <summary>Listens to an engine and says nothing; for what wants to hear some of it, or none.</summary>
internal abstract class SilentEvents : IFlowEvents
{
    public virtual void TcpSyn(in Sighting at, in StackSighting stack)
    {
    }

    public virtual void TcpSynAck(in Sighting at, in StackSighting stack)
    {
    }

    public virtual void ClientHello(in Sighting at, HelloTransport transport, uint quicVersion, ClientHello hello)
    {
    }

    public virtual void TlsSession(in Sighting at, HelloTransport transport, ClientHello? hello, ServerHello answer, TlsResumption resumption)
    {
    }

    public virtual void Certificates(in Sighting at, CertificateChain chain, string? serverName)
    {
    }

    public virtual void SshBanner(in Sighting at, bool fromServer, SshBanner banner)
    {
    }

    public virtual void SshKex(in Sighting at, bool fromServer, KexInit kex, string? banner)
    {
    }

    public virtual void HttpRequest(in Sighting at, Http1Head head, ReadOnlySpan<byte> bytes)
    {
    }

    public virtual void FlowEnd(in Sighting at, in FlowSummary flow)
    {
    }

    public virtual void LinkLocal(in Sighting at, in LinkLocalSighting neighbour)
    {
    }

    public virtual void Icmp(in Sighting at, in IcmpSighting message)
    {
    }
}
