using BenchmarkDotNet.Attributes;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tcp;

namespace Whorl.Bench.Fingerprints;

/// <summary>Decoding of one packet as a sensor does it: find it, read ports, flags and payload. Target: under 60 ns, no allocation.</summary>
[MemoryDiagnoser]
public class PacketBench
{
    private const string Ip = "4500003c1c464000400600000a0000010a000002c001005010000001000000 00a002faf000000000020405b40402080a0000007b0000000001030307";

    private static readonly byte[] Syn = Convert.FromHexString(Ip.Replace(" ", "", StringComparison.Ordinal));
    private static readonly byte[] Ethernet = [.. new byte[12], 8, 0, .. Syn];
    private static readonly byte[] Tagged = [.. new byte[12], 0x81, 0, 0, 100, 8, 0, .. Syn];
    private static readonly byte[] Ipv6 = [.. new byte[12], 0x86, 0xDD, 0x60, 0, 0, 0, 0, 40, 6, 64, .. new byte[32], .. Syn[20..]];
    private static readonly byte[] Vxlan = [.. new byte[12], 8, 0, 0x45, 0, 0, (byte)(36 + Ethernet.Length), 0, 0, 0, 0, 64, 17, 0, 0, 11, 0, 0, 1, 11, 0, 0, 2, 0xC0, 0, 0x12, 0xB5, 0, (byte)(16 + Ethernet.Length), 0, 0, 8, 0, 0, 0, 0, 0, 1, 0, .. Ethernet];

    /// <summary>Ethernet, IPv4, TCP.</summary>
    [Benchmark(Baseline = true)]
    public int EthernetIpv4() => Read(Ethernet);

    /// <summary>With a VLAN tag.</summary>
    [Benchmark]
    public int TaggedIpv4() => Read(Tagged);

    /// <summary>Ethernet, IPv6, TCP.</summary>
    [Benchmark]
    public int EthernetIpv6() => Read(Ipv6);

    /// <summary>A whole frame inside VXLAN.</summary>
    [Benchmark]
    public int InsideVxlan() => Read(Vxlan);

    /// <summary>The stack record of a SYN and its signature.</summary>
    [Benchmark]
    public string SynSignature()
    {
        TcpStack.TryParseSyn(Syn, out TcpStack? stack);
        return stack!.Signature;
    }

    private static int Read(byte[] frame)
    {
        Packet.TryDecode(LinkType.Ethernet, frame, out Packet packet);
        return packet.SourcePort + packet.DestinationPort + (int)packet.TcpFlags + packet.Payload.Length;
    }
}
