using System.Net;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>The same packets through the real p0f and through us; needs Debian's p0f, which reads only what it has the rights to.</summary>
public sealed class P0fCrossCheckTests
{
    private const int Count = 3000;
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

    [Fact]
    public void Every_match_against_random_signatures_is_the_one_p0f_finds()
    {
        OddPackets odd = new(2);
        byte[][] packets = [.. Enumerable.Range(1, Count).Select(odd.Syn)];
        (long, byte[])[] timed = [.. packets.Select((packet, i) => (Start + (i * 1000L), packet))];
        List<string> lines = OddSignatures.Make(packets, seed: 3);
        (List<Dictionary<string, string>> log, string refusal) = P0fProgram.RunWith(OddSignatures.File(lines), timed);
        for (int i = 0; i < 200 && log.Count == 0; i++)
        {
            // p0f refuses a signature that an earlier one covers; which one it is stands in what it says.
            OddSignatures.RemoveRefused(lines, refusal);
            (log, refusal) = P0fProgram.RunWith(OddSignatures.File(lines), timed);
        }

        P0fSignatures signatures = P0fSignatures.Parse(OddSignatures.File(lines));
        signatures.Faults.ShouldBeEmpty();
        Dictionary<IPAddress, Dictionary<string, string>> theirs = log.Where(line => line["mod"] == "syn").ToDictionary(line => P0fProgram.Client(line).Address);
        theirs.Count.ShouldBeGreaterThan(Count * 9 / 10, refusal);
        foreach (byte[] packet in packets)
        {
            if (theirs.TryGetValue(Source(packet), out Dictionary<string, string>? line))
            {
                TcpStack.TryParseSyn(packet, out TcpStack? stack).ShouldBe(ParseStatus.Done);
                if (line.GetValueOrDefault("os") == "???")
                {
                    // The distance is left out: p0f forgets to guess one when all that fits loosely is a program.
                    signatures.Match(stack!).ShouldBeNull($"{stack!.Signature}\n{OddSignatures.File(lines)}");
                    continue;
                }

                P0fLog.Describe(stack!, signatures).ShouldBe(
                    $"{line.GetValueOrDefault("os") ?? line["app"]} {line["dist"]} {P0fLog.WithoutTypeOfService(line["params"])}",
                    $"{line["raw_sig"]} {stack!.Signature}\n{OddSignatures.File(lines)}");
            }
        }

        int matched = theirs.Values.Count(line => line.GetValueOrDefault("os") != "???");
        int fuzzy = theirs.Values.Count(line => line["params"].Contains("fuzzy", StringComparison.Ordinal));
        matched.ShouldBeGreaterThan(150);
        fuzzy.ShouldBeGreaterThan(15);
    }

    internal static IPAddress Source(byte[] packet) => packet[0] >> 4 == 4 ? new IPAddress(packet.AsSpan(12, 4)) : new IPAddress(packet.AsSpan(8, 16));
}
