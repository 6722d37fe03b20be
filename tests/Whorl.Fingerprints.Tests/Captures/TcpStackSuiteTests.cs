using System.Net;
using System.Text.Json;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>SYN and SYN-ACK of every public capture against what tshark read from them.</summary>
public sealed class TcpStackSuiteTests
{
    [Theory]
    [InlineData("expected.jsonl", 1200)]
    [InlineData("synthetic/p0f.jsonl", 200)]
    public void Every_syn_and_syn_ack_is_found_with_its_fields(string listing, int atLeast)
    {
        int compared = 0;
        List<string> wrong = [];
        foreach ((string file, List<JsonElement> records) in ExpectedRecords.Read(listing, record => record.IsOfType("tcp_syn", "tcp_synack")))
        {
            Dictionary<int, CapturedPacket> frames = PcapReader.Read(file).ToDictionary(packet => packet.Frame);
            foreach (JsonElement record in records)
            {
                compared++;
                string seen = Describe(frames[record.Number("frame")], record.IsOfType("tcp_synack"));
                string wanted = Describe(record);
                if (Path.GetFileName(file) == "ndpi--ajp.pcap" && seen.EndsWith("ws 7" + wanted[wanted.IndexOf(" ts ", StringComparison.Ordinal)..] + ",nop,ws", StringComparison.Ordinal))
                {
                    // tshark takes the last four bytes inside FabricPath for a checksum and loses two options.
                    continue;
                }

                if (seen != wanted)
                {
                    wrong.Add($"{Path.GetFileName(file)} {record.Number("frame")}:\n  wanted {wanted}\n  seen   {seen}");
                }
            }
        }

        wrong.ShouldBeEmpty(string.Join('\n', wrong));
        compared.ShouldBeGreaterThan(atLeast);
    }

    private static string Describe(in CapturedPacket captured, bool synAck)
    {
        PacketStatus status = Packet.TryDecode((LinkType)captured.LinkType, captured.Bytes, out Packet packet);
        if (status != PacketStatus.Done || !packet.IsTcp)
        {
            return status.ToString();
        }

        ParseStatus parsed = synAck ? TcpStack.TryParseSynAck(packet.Ip, 0, out TcpStack? stack) : TcpStack.TryParseSyn(packet.Ip, out stack);
        if (parsed != ParseStatus.Done)
        {
            return parsed.ToString();
        }

        TcpOption? timestamps = stack!.Options.Where(option => option.Kind == TcpOptionKind.Timestamps).Select(option => (TcpOption?)option).FirstOrDefault();
        FlowKey flow = packet.Flow;
        return $"{flow.SourceAddress}:{flow.SourcePort} > {flow.DestinationAddress}:{flow.DestinationPort} ttl {stack.ObservedTtl} win {stack.Window} "
            + $"seq {packet.Sequence} ack {packet.Acknowledgement} id {(packet.IpVersion == 4 ? packet.Id : 0)} df {(stack.DontFragment ? 1 : 0)} mss {Shown(stack, TcpOptionKind.MaximumSegmentSize, stack.Mss)} "
            + $"ws {Shown(stack, TcpOptionKind.WindowScale, stack.WindowScale)} ts {timestamps?.Value}/{timestamps?.Echo} layout {stack.OptionLayout}";
    }

    private static string Shown(TcpStack stack, byte kind, int value) => stack.Options.Any(option => option.Kind == kind) ? $"{value}" : "";

    private static string Describe(JsonElement record)
    {
        JsonElement timestamps = record.GetProperty("ts");
        bool has = timestamps.ValueKind == JsonValueKind.Array;
        return $"{IPAddress.Parse(record.Text("src"))}:{record.Number("sport")} > {IPAddress.Parse(record.Text("dst"))}:{record.Number("dport")} ttl {record.Number("ttl")} win {record.Number("win")} "
            + $"seq {record.GetProperty("seq").GetUInt32()} ack {record.GetProperty("ack").GetUInt32()} id {Optional(record, "ip_id", "0")} df {Optional(record, "df", "0")} mss {Optional(record, "mss", "")} "
            + $"ws {Optional(record, "wscale", "")} ts {(has ? timestamps[0].GetUInt32() : "")}/{(has ? timestamps[1].GetUInt32() : "")} layout {record.Text("olayout")}";
    }

    private static string Optional(JsonElement record, string name, string absent) =>
        record.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : absent;
}
