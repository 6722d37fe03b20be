using System.Text;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Tls;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Capture.Addresses;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Sources.Capture.Observing;

/// <summary>What a writer looks up.</summary>
internal sealed class ObservingSettings
{
    /// <summary>Which addresses have names; null where all traffic is told.</summary>
    public AddressBook? Addresses { get; init; }

    /// <summary>Which traffic is our own asking; null where none is.</summary>
    public OwnProbes? Probes { get; init; }

    /// <summary>Kind of link that has a size, by the p0f file.</summary>
    public Func<int, string?>? LinkOf { get; init; }

    /// <summary>Tell all four forms of JA4.</summary>
    public bool AllJa4Forms { get; init; }

    /// <summary>Put before flow numbers, so that those of several engines differ.</summary>
    public string FlowPrefix { get; init; } = "";
}

/// <summary>
/// Writes what a flow engine tells as the attributes of observations, into one buffer that is used again and again. One writer for one engine.
/// </summary>
/// <param name="interfaces">Names of the interfaces that sightings count; may grow.</param>
/// <param name="output">Who gets the observations.</param>
/// <param name="settings">What is looked up.</param>
internal sealed class ObservationWriter(Func<IReadOnlyList<string>> interfaces, IObservationOutput output, ObservingSettings settings) : IFlowEvents
{
    // Larger than any observation without hostile texts.
    private const int UsualLength = 4096;

    private readonly byte[] _flowPrefix = Encoding.ASCII.GetBytes(settings.FlowPrefix);

    private readonly CertificateReader _certificates = new();

    private readonly TimeText _times = new();

    private readonly byte[] _address = new byte[PeerAddress.MaxTextLength];

    private readonly byte[][] _interfaces = new byte[MaxInterfaces][];

    // A pcapng may name any number; those after the first thousand are told without a name.
    private const int MaxInterfaces = 1024;

    private Utf8JsonBuffer _json = new(UsualLength);

    private int _addressLength;

    private int _fingerprint;

    /// <summary>Observations left out because no address of theirs is in the map, or because they are our own asking.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Observations told, by kind.</summary>
    public long[] Told { get; } = new long[CaptureKinds.All.Length];

    public void TcpSyn(in Sighting at, in StackSighting stack) => Stack(CaptureKind.TcpSyn, at, stack);

    public void TcpSynAck(in Sighting at, in StackSighting stack) => Stack(CaptureKind.TcpSynAck, at, stack);

    public void ClientHello(in Sighting at, HelloTransport transport, uint quicVersion, ClientHello hello)
    {
        if (Begin(at))
        {
            HelloAttributes.WriteTransport(ref _json, transport, quicVersion);
            HelloAttributes.Write(ref _json, hello, transport, settings.AllJa4Forms);
            HelloAttributes.WriteResumption(ref _json, hello.Resumption);
            End(
                transport switch
                {
                    HelloTransport.Quic => CaptureKind.QuicClientHello,
                    HelloTransport.Dtls => CaptureKind.DtlsClientHello,
                    _ => CaptureKind.TlsClientHello,
                },
                at);
        }
    }

    public void TlsSession(in Sighting at, HelloTransport transport, ClientHello? hello, ServerHello answer, TlsResumption resumption)
    {
        if (Begin(at))
        {
            HelloAttributes.WriteTransport(ref _json, transport, 0);
            if (hello is not null)
            {
                HelloAttributes.Write(ref _json, hello, transport, settings.AllJa4Forms);
            }

            HelloAttributes.WriteResumption(ref _json, resumption);
            HelloAttributes.Write(ref _json, answer);
            End(CaptureKind.TlsSession, at);
        }
    }

    public void Certificates(in Sighting at, CertificateChain chain, string? serverName)
    {
        int shown = Math.Min(chain.Certificates.Count, CertificateReader.MaxShown);
        for (int i = 0; i < shown; i++)
        {
            if (Begin(at))
            {
                _json.Hostile("tls.sni"u8, serverName, HostileText.MaxName);
                _json.Number("certificate.index"u8, i);
                _json.Number("certificate.chain"u8, chain.Certificates.Count);
                _json.Raw(_certificates.Describe(chain.Certificates[i].Span));
                End(CaptureKind.TlsCertificate, at);
            }
        }
    }

    public void SshBanner(in Sighting at, bool fromServer, SshBanner banner)
    {
        if (Begin(at))
        {
            SshAttributes.Write(ref _json, fromServer, banner);
            End(CaptureKind.SshBanner, at);
        }
    }

    public void SshKex(in Sighting at, bool fromServer, KexInit kex, string? banner)
    {
        if (Begin(at))
        {
            SshAttributes.Write(ref _json, fromServer, kex, banner);
            End(CaptureKind.SshKex, at);
        }
    }

    public void HttpRequest(in Sighting at, Http1Head head, ReadOnlySpan<byte> bytes)
    {
        if (Begin(at))
        {
            _json.Plain("client.ip"u8, _address.AsSpan(0, _addressLength));
            RequestAttributes.Write(ref _json, head, bytes);
            End(CaptureKind.HttpRequest, at);
        }
    }

    public void FlowEnd(in Sighting at, in FlowSummary flow)
    {
        if (Begin(at))
        {
            FlowAttributes.Write(ref _json, flow, _times);

            // A flood of SYNs that nobody answers is the same thing again and again; every other conversation has figures of its own.
            if (flow.Close != FlowClose.Unanswered)
            {
                _fingerprint = _json.Length;
            }

            End(CaptureKind.FlowEnd, at);
        }
    }

    public void LinkLocal(in Sighting at, in LinkLocalSighting neighbour)
    {
        if (Begin(at))
        {
            FlowAttributes.Write(ref _json, neighbour);
            End(CaptureKind.LinkLocal, at);
        }
    }

    public void Icmp(in Sighting at, in IcmpSighting message)
    {
        if (Begin(at))
        {
            _json.Number("icmp.version"u8, message.Version);
            _json.Number("icmp.type"u8, message.Type);
            _json.Number("icmp.code"u8, message.Code);
            _json.Number("icmp.payload_bytes"u8, message.PayloadLength);
            End(CaptureKinds.OfIcmp(message.Version, message.Type), at);
        }
    }

    private void Stack(CaptureKind kind, in Sighting at, in StackSighting stack)
    {
        if (Begin(at))
        {
            StackAttributes.Write(ref _json, stack, settings.LinkOf);

            // What follows changes with every packet and is no mark of the stack.
            int end = _json.Length;
            StackAttributes.WriteMoving(ref _json, stack);
            End(kind, at, end);
        }
    }

    /// <summary>Writes what all kinds have; false where the packet is none of our business.</summary>
    private bool Begin(in Sighting at)
    {
        AddressMap? map = settings.Addresses?.Current;
        byte[]? name = map?.NameOf(new(at.Destination)) ?? map?.NameOf(new(at.Source));
        if ((map is { IsEmpty: false } && name is null) || settings.Probes?.Owns(at) == true)
        {
            LeftOut++;
            return false;
        }

        _json.Clear();
        _addressLength = new PeerAddress(at.Source).Write(_address);
        _json.Raw("\"source.ip\":"u8);
        _json.Plain(_address.AsSpan(0, _addressLength));
        if (at.SourcePort != 0)
        {
            _json.Number("source.port"u8, at.SourcePort);
        }

        _json.Address("destination.ip"u8, new(at.Destination));
        if (at.DestinationPort != 0)
        {
            _json.Number("destination.port"u8, at.DestinationPort);
        }

        byte[] interfaceName = InterfaceName(at.Interface);
        if (interfaceName.Length > 0)
        {
            _json.Name("capture.interface"u8);
            _json.Raw(interfaceName);
        }

        if (at.Vlan != 0)
        {
            _json.Number("capture.vlan"u8, at.Vlan);
        }

        if (at.Flow != 0)
        {
            _json.Raw(",\"flow.id\":\""u8);
            _json.Raw(_flowPrefix);
            _json.Number(at.Flow);
            _json.Raw("\""u8);
        }

        if (name is not null)
        {
            _json.Name("decoy"u8);
            _json.Raw(name);
        }

        _fingerprint = _json.Length;
        return true;
    }

    private void End(CaptureKind kind, in Sighting at, int fingerprintEnd = -1)
    {
        Told[(int)kind]++;
        ReadOnlySpan<byte> written = _json.Written;
        output.Write(new(kind, at, _address.AsSpan(0, _addressLength), written, written[_fingerprint..(fingerprintEnd < 0 ? written.Length : fingerprintEnd)]));
    }

    private byte[] InterfaceName(int index)
    {
        if ((uint)index >= MaxInterfaces)
        {
            return [];
        }

        return _interfaces[index] ??= Read(interfaces(), index);

        static byte[] Read(IReadOnlyList<string> names, int index)
        {
            Utf8JsonBuffer text = new(64);
            if (index < names.Count && names[index].Length > 0)
            {
                HostileText.Write(ref text, Encoding.UTF8.GetBytes(names[index]), HostileText.MaxName);
            }

            return text.ToArray();
        }
    }
}
