using System.Net;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>The same packets through the real p0f and through us; needs Debian's p0f, which reads only what it has the rights to.</summary>
public sealed class P0fCrossCheckTests
{
    private const int Count = 5000;
    private const long Start = 1_700_000_000_000_000;

    [Fact]
    public void The_signature_of_every_odd_syn_is_the_one_p0f_prints()
    {
        OddPackets odd = new(1);
        byte[][] packets = [.. Enumerable.Range(1, Count).Select(odd.Syn)];

        Dictionary<IPAddress, string> theirs = P0fProgram.Run(packets.Select((packet, i) => (Start + (i * 1000L), packet)))
            .Where(line => line["mod"] == "syn")
            .ToDictionary(line => P0fProgram.Client(line).Address, line => line["raw_sig"]);

        theirs.Count.ShouldBeGreaterThan(Count * 9 / 10);
        foreach (byte[] packet in packets)
        {
            if (theirs.TryGetValue(Source(packet), out string? signature))
            {
                TcpStack.TryParseSyn(packet, out TcpStack? stack).ShouldBe(ParseStatus.Done);
                stack!.Signature.ShouldBe(signature, Convert.ToHexString(packet));
            }
        }
    }

    internal static IPAddress Source(byte[] packet) => packet[0] >> 4 == 4 ? new IPAddress(packet.AsSpan(12, 4)) : new IPAddress(packet.AsSpan(8, 16));
}
