namespace Whorl.Sources.Decoys.Shell;

/// <summary>Programs that would use the network. None does: what they were told to fetch stands in the command.</summary>
internal static class NetworkPrograms
{
    public static IReadOnlyDictionary<string, Func<ProgramCall, string>> All { get; } = new Dictionary<string, Func<ProgramCall, string>>(StringComparer.Ordinal)
    {
        ["wget"] = Wget,
        ["curl"] = call => call.Operands.LastOrDefault() is { } url ? call.Fail($"curl: (28) Failed to connect to {HostOf(url)} port 80: Connection timed out", 28) : call.Fail("curl: try 'curl --help' or 'curl --manual' for more information", 2),
        ["tftp"] = call => call.Fail("tftp: timeout"),
        ["ftpget"] = call => call.Fail("ftpget: can't connect to remote host: Connection timed out"),
        ["ping"] = call => call.Operands.FirstOrDefault() is { } host ? call.Fail($"PING {host} ({host}) 56(84) bytes of data.\n\n--- {host} ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss, time 0ms") : call.Fail("ping: usage error: Destination address required", 2),
        ["nc"] = call => call.Fail(""),
        ["telnet"] = call => call.Fail("telnet: Unable to connect to remote host: Connection timed out"),
        ["ssh"] = call => call.Fail($"ssh: connect to host {call.Operands.LastOrDefault()} port 22: Connection timed out", 255),
        ["ifconfig"] = call => Interfaces(call),
        ["ip"] = call => call.Arguments is ["r" or "route", ..] ? "default via 10.0.2.1 dev eth0 \n10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15 \n" : "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    inet 127.0.0.1/8 scope host lo\n2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000\n    link/ether 52:54:00:3a:91:7c brd ff:ff:ff:ff:ff:ff\n    inet 10.0.2.15/24 brd 10.0.2.255 scope global eth0\n",
        ["netstat"] = Sockets,
        ["ss"] = Sockets,
        ["route"] = _ => "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\ndefault         10.0.2.1        0.0.0.0         UG    0      0        0 eth0\n10.0.2.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0\n",
        ["arp"] = _ => "Address                  HWtype  HWaddress           Flags Mask            Iface\n10.0.2.1                 ether   52:54:00:12:35:02   C                     eth0\n",
        ["iptables"] = _ => "",
        ["nslookup"] = call => call.Fail(";; connection timed out; no servers could be reached"),
    };

    private static string Wget(ProgramCall call)
    {
        if (call.Operands.LastOrDefault() is not { } url)
        {
            return call.Fail("wget: missing URL\nUsage: wget [OPTION]... [URL]...");
        }

        string host = HostOf(url);
        return call.Fail($"--{call.Machine.Clock.GetUtcNow():yyyy-MM-dd HH:mm:ss}--  {url}\nResolving {host} ({host})... failed: Temporary failure in name resolution.\nwget: unable to resolve host address '{host}'", 4);
    }

    private static string HostOf(string url)
    {
        int scheme = url.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? url : url[(scheme + 3)..];
        int end = rest.IndexOfAny(['/', ':', '?']);
        return end < 0 ? rest : rest[..end];
    }

    private static string Interfaces(ProgramCall call) =>
        $"eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet 10.0.2.15  netmask 255.255.255.0  broadcast 10.0.2.255\n        ether 52:54:00:3a:91:7c  txqueuelen 1000  (Ethernet)\n{(call.Has('a') ? "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n" : "")}\n";

    private static string Sockets(ProgramCall call) =>
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n" +
        string.Concat(call.Machine.Persona.Services.Where(service => !service.IsDatagram).Select(service => $"tcp        0      0 {$"0.0.0.0:{service.Port}",-23} 0.0.0.0:*               LISTEN     \n"));
}
