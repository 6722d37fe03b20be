using System.Net;
using System.Security.Cryptography;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Tests.Capture.Flows;

/// <summary>Writes down what an engine tells, one line an event, sender first; the words are those of the expected values.</summary>
internal sealed class ToldEvents(P0fSignatures? signatures = null) : IFlowEvents
{
    public List<string> Lines { get; } = [];

    public List<(Sighting At, FlowSummary Flow)> Ends { get; } = [];

    public List<StackSighting> Stacks { get; } = [];

    public List<LinkLocalSighting> Neighbours { get; } = [];

    public List<(Sighting At, IcmpSighting Message)> Icmps { get; } = [];

    public void TcpSyn(in Sighting at, in StackSighting stack) => Stack(at, stack, "syn", "cli", EndsOf(at));

    public void TcpSynAck(in Sighting at, in StackSighting stack) => Stack(at, stack, "syn+ack", "srv", Reversed(at));

    public void ClientHello(in Sighting at, HelloTransport transport, uint quicVersion, ClientHello hello)
    {
        Ja4Forms forms = Ja4.Of(hello, transport switch
        {
            HelloTransport.Quic => Ja4Transport.Quic,
            HelloTransport.Dtls => Ja4Transport.Dtls,
            _ => Ja4Transport.Tcp,
        });
        Lines.Add($"hello {Name(transport)} {EndsOf(at)} {Ja3.Text(hello)} {Ja3.Hash(hello)} {forms.Value} {forms.Raw} {forms.Original} {forms.OriginalRaw} {hello.ServerName}");
    }

    public void TlsSession(in Sighting at, HelloTransport transport, ClientHello? hello, ServerHello answer, TlsResumption resumption)
    {
        Lines.Add($"answer {Name(transport)} {Reversed(at)} {Ja3S.Text(answer)} {Ja3S.Hash(answer)} {answer.IsHelloRetryRequest}");
        Lines.Add($"session {Name(transport)} {EndsOf(at)} {(hello is null ? "-" : Ja3.Hash(hello))} {Ja3S.Hash(answer)} {resumption}");
    }

    public void Certificates(in Sighting at, CertificateChain chain, string? serverName)
    {
        for (int i = 0; i < chain.Certificates.Count; i++)
        {
            Lines.Add($"x509 {EndsOf(at)} {i} {Convert.ToHexStringLower(SHA256.HashData(chain.Certificates[i].Span))}");
        }
    }

    public void SshBanner(in Sighting at, bool fromServer, SshBanner banner) => Lines.Add($"banner {EndsOf(at)} {banner.Text}");

    public void SshKex(in Sighting at, bool fromServer, KexInit kex, string? banner)
    {
        Lines.Add($"kex {EndsOf(at)} {Hassh.Hash(kex)} {HasshServer.Hash(kex)} {kex.HostKeyAlgorithms}");
        Lines.Add($"kexside {EndsOf(at)} {(fromServer ? "server" : "client")} {banner}");
    }

    public void HttpRequest(in Sighting at, Http1Head head, ReadOnlySpan<byte> bytes) =>
        Lines.Add($"http {EndsOf(at)} {head.Method} {head.Target} {head.Version} {string.Join(',', head.Headers.Select(header => header.Name))}");

    public void FlowEnd(in Sighting at, in FlowSummary flow) => Ends.Add((at, flow));

    public void LinkLocal(in Sighting at, in LinkLocalSighting neighbour) => Neighbours.Add(neighbour);

    public void Icmp(in Sighting at, in IcmpSighting message) => Icmps.Add((at, message));

    private void Stack(in Sighting at, in StackSighting stack, string mode, string subject, string ends)
    {
        Stacks.Add(stack);
        TcpStack one = stack.Stack;
        string os = stack.Match is { } match ? match.Label.ToString() : "???";
        int distance = stack.Match?.Distance ?? one.Distance;
        Lines.Add($"p0f {ends} {mode} {subject} {os} {distance} {one.Signature}");
        Lines.Add($"p0f {ends} mtu {subject} {one.Mtu} {signatures?.LinkOf(one.Mtu) ?? "???"}");
        Lines.Add($"stack {EndsOf(at)} {mode} {one.ObservedTtl} {one.Window} {one.Mss}");
    }

    private static string Name(HelloTransport transport) => transport switch
    {
        HelloTransport.Quic => "quic",
        HelloTransport.Dtls => "dtls",
        _ => "tls",
    };

    private static string EndsOf(in Sighting at) => $"{Address(at.Source)}:{at.SourcePort} > {Address(at.Destination)}:{at.DestinationPort}";

    private static string Reversed(in Sighting at) => $"{Address(at.Destination)}:{at.DestinationPort} > {Address(at.Source)}:{at.SourcePort}";

    private static IPAddress Address(UInt128 value) => new FlowKey(value, value, 0, 0, 0).SourceAddress;
}
