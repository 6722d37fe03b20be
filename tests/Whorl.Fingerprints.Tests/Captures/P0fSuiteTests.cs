using System.Net;
using System.Text.Json;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Tests.Tcp;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>Signatures, labels and link sizes of every public capture against the log of p0f 3.09b for the same file.</summary>
public sealed class P0fSuiteTests
{
    [Theory]
    [InlineData("expected.jsonl", 2000)]
    [InlineData("synthetic/p0f.jsonl", 400)]
    public void Every_line_that_p0f_logs_is_found(string listing, int atLeast)
    {
        Assert.SkipUnless(File.Exists(P0fProgram.SignatureFile), "the signature file of p0f is not installed");
        P0fSignatures signatures = P0fSignatures.Parse(File.ReadAllText(P0fProgram.SignatureFile));
        int compared = 0;
        List<string> missing = [];
        foreach ((string file, List<JsonElement> records) in ExpectedRecords.Read(listing, record => record.IsOfType("p0f") && record.Text("mod") is "syn" or "syn+ack" or "mtu"))
        {
            HashSet<string> ours = Describe(PcapReader.Read(file), signatures);
            foreach (string wanted in records.Select(Describe))
            {
                compared++;
                if (!ours.Contains(wanted))
                {
                    missing.Add($"{Path.GetFileName(file)}: {wanted}");
                }
            }
        }

        missing.ShouldBeEmpty($"{missing.Count} of {compared}\n" + string.Join('\n', missing));
        compared.ShouldBeGreaterThan(atLeast);
    }

    private static string Describe(JsonElement record)
    {
        string ends = $"{IPAddress.Parse(record.Text("cli"))}:{record.Number("cport")} > {IPAddress.Parse(record.Text("srv"))}:{record.Number("svport")} {record.Text("mod")} {record.Text("subj")}";
        return record.Text("mod") == "mtu"
            ? $"{ends} {record.Text("raw_mtu")} {record.Text("link")}"
            : $"{ends} {(record.TryGetProperty("os", out JsonElement os) ? os : record.GetProperty("app")).GetString()} {record.Text("dist")} {P0fLog.WithoutTypeOfService(record.Text("params"))} {record.Text("raw_sig")}";
    }

    private static HashSet<string> Describe(List<CapturedPacket> packets, P0fSignatures signatures)
    {
        HashSet<string> lines = new(StringComparer.Ordinal);
        Dictionary<FlowKey, ushort> offered = [];
        foreach (CapturedPacket captured in packets)
        {
            if (Packet.TryDecode((LinkType)captured.LinkType, captured.Bytes, out Packet packet) != PacketStatus.Done || (packet.TcpFlags & TcpFlags.Syn) == TcpFlags.None)
            {
                continue;
            }

            FlowKey flow = packet.Flow;
            if (TcpStack.TryParseSyn(packet.Ip, out TcpStack? stack) == ParseStatus.Done)
            {
                offered[flow] = stack!.Mss;
                Add(lines, flow, "cli", stack, signatures);
            }
            else if (TcpStack.TryParseSynAck(packet.Ip, offered.GetValueOrDefault(flow.Reverse()), out stack) == ParseStatus.Done)
            {
                Add(lines, flow.Reverse(), "srv", stack!, signatures);
            }
        }

        return lines;
    }

    private static void Add(HashSet<string> lines, FlowKey flow, string subject, TcpStack stack, P0fSignatures signatures)
    {
        string ends = $"{flow.SourceAddress}:{flow.SourcePort} > {flow.DestinationAddress}:{flow.DestinationPort}";
        lines.Add($"{ends} {(stack.IsSynAck ? "syn+ack" : "syn")} {subject} {P0fLog.Describe(stack, signatures)} {stack.Signature}");
        lines.Add($"{ends} mtu {subject} {stack.Mtu} {signatures.LinkOf(stack.Mtu) ?? "???"}");
    }
}
