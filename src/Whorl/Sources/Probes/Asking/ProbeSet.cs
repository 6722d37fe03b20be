using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Probes.Protocols.Http;
using Whorl.Sources.Probes.Protocols.Packets;
using Whorl.Sources.Probes.Protocols.Ssh;
using Whorl.Sources.Probes.Protocols.Tls;

namespace Whorl.Sources.Probes.Asking;

/// <summary>The probes of this process, and what they hold open.</summary>
internal sealed class ProbeSet : IDisposable
{
    // Where Debian and its relatives put it.
    private const string SystemSignatures = "/etc/p0f/p0f.fp";

    // Opened by the first who needs it: a role that is off holds no raw socket.
    private readonly Lazy<SynExchange?> _exchange;
    private readonly Lazy<IcmpExchange?> _errors = new(IcmpExchange.TryOpen);
    private readonly Lazy<P0fSignatures?> _signatures;

    public ProbeSet(ProbesOptions options, SourcePorts ports)
    {
        Ports = ports;
        _exchange = new(() => SynExchange.TryOpen(ports));
        _signatures = new(() => ReadSignatures(options.P0fFile));
        All =
        [
            new JarmProbe(options.JarmAtOnce), new HasshProbe(options.SshIdentification), new TcpProbe(_exchange, _signatures),
            new CertificateProbe(), new HttpProbe(options.UserAgent), new IcmpProbe(_errors), new Ipv6Probe(),
        ];
    }

    public IReadOnlyList<IProbe> All { get; }

    public SourcePorts Ports { get; }

    /// <summary>Whether raw packets may be sent; otherwise stacks are known by connections alone.</summary>
    public bool HasRawPackets => _exchange.Value is not null;

    /// <summary>Reads signatures now, so that what is wrong with their file is told at start and not by the first visit.</summary>
    public void ReadSignatures() => _ = _signatures.Value;

    public IProbe? Find(ProbeName name) => All.FirstOrDefault(probe => probe.Name == name);

    public void Dispose()
    {
        if (_exchange is { IsValueCreated: true, Value: { } exchange })
        {
            exchange.Dispose();
        }

        if (_errors is { IsValueCreated: true, Value: { } errors })
        {
            errors.Dispose();
        }
    }

    private static P0fSignatures? ReadSignatures(string file)
    {
        if (file.Length == 0 && !File.Exists(SystemSignatures))
        {
            return null; // stacks are told without the name of a system
        }

        try
        {
            return P0fSignatures.Parse(File.ReadAllText(file.Length > 0 ? file : SystemSignatures));
        }
        catch (Exception fault) when (file.Length == 0 && fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
