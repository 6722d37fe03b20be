using System.Collections.Concurrent;
using System.Net.Security;
using Whorl.Sources.Decoys.Databases;
using Whorl.Sources.Decoys.Datagrams;
using Whorl.Sources.Decoys.Desktop;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Ssh;
using Whorl.Sources.Decoys.Text;
using Whorl.Sources.Decoys.Web;

namespace Whorl.Sources.Decoys;

/// <summary>Which service speaks what: the one place where kinds and services meet.</summary>
internal sealed class ServiceTable(CertificateMaker certificates)
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, HostKeys> _keys = new(StringComparer.Ordinal);

    public IDecoyService Stream(DecoyPlace place)
    {
        Func<SslStreamCertificateContext> certificate = () => certificates.For(place.Decoy, place.Persona);
        IDecoyService service = place.Service.Kind switch
        {
            ServiceKind.Ftp => new FtpService(place, certificate),
            ServiceKind.Smtp => new SmtpService(place, certificate),
            ServiceKind.Telnet => new TelnetService(place),
            ServiceKind.Redis => new RedisService(place),
            ServiceKind.Mqtt => new MqttService(),
            ServiceKind.MySql => new MySqlService(place, certificate),
            ServiceKind.PostgreSql => new PostgresService(certificate),
            ServiceKind.Mssql => new MssqlService(place),
            ServiceKind.Rdp => new RdpService(place, certificate),
            ServiceKind.Smb => new SmbService(place),
            ServiceKind.Vnc => new VncService(place),
            ServiceKind.Http => new WebService(place),
            ServiceKind.Ssh => new SshService(place, () => Keys(place.Decoy)),
            _ => throw new InvalidOperationException($"no conversation in {place.Service.Kind}"),
        };
        return place.Service.Tls ? new TlsFirst(service, certificate) : service;
    }

    public static IDatagramService Datagram(DecoyPlace place) => place.Service.Kind switch
    {
        ServiceKind.Dns => new DnsService(),
        ServiceKind.Snmp => new SnmpService(place),
        _ => throw new InvalidOperationException($"no datagrams in {place.Service.Kind}"),
    };

    // Where the disk failed it is tried again for the next who asks.
    private HostKeys Keys(string decoy)
    {
        if (_keys.TryGetValue(decoy, out HostKeys? known))
        {
            return known;
        }

        lock (_gate)
        {
            return _keys.GetOrAdd(decoy, name => HostKeys.Of(certificates, name));
        }
    }

    /// <summary>A service behind TLS from the first byte on.</summary>
    private sealed class TlsFirst(IDecoyService inner, Func<SslStreamCertificateContext> certificate) : IDecoyService
    {
        public async Task ServeAsync(DecoySession session)
        {
            if (await session.StartTlsAsync(certificate()))
            {
                await inner.ServeAsync(session);
            }
        }
    }
}
