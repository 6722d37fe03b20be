using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Quic;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>TLS hellos inside QUIC of every public capture: the bytes, and the fingerprints of the client's.</summary>
public sealed class QuicSuiteTests
{
    [Theory]
    [InlineData("expected.jsonl", 230)]
    [InlineData("synthetic/syn-truth.jsonl", 15)]
    public void Every_hello_is_found_with_its_fingerprints(string listing, int atLeast)
    {
        int compared = 0;
        List<string> missing = [];
        foreach ((string file, List<JsonElement> records) in ExpectedRecords.Read(listing, record =>
            record.IsOfType("tls_client_hello", "tls_server_hello") && record.Text("transport") == "quic"))
        {
            HashSet<string> ours = Hellos(PcapReader.Read(file));
            foreach (JsonElement record in records)
            {
                compared++;
                string wanted = Describe(record);
                if (!ours.Contains(wanted))
                {
                    missing.Add($"{Path.GetFileName(file)} {(record.TryGetProperty("frame", out JsonElement frame) ? frame : "")} {(record.TryGetProperty("note", out JsonElement note) ? note : "")}: {wanted}");
                }
            }
        }

        missing.ShouldBeEmpty($"{missing.Count} of {compared}\n" + string.Join('\n', missing));
        compared.ShouldBeGreaterThanOrEqualTo(atLeast);
    }

    private static string Describe(JsonElement record)
    {
        bool client = record.IsOfType("tls_client_hello");
        string ends = $"{IPAddress.Parse(record.Text("src"))}:{record.Number("sport")} > {IPAddress.Parse(record.Text("dst"))}:{record.Number("dport")} {record.Text("hello_sha256")}";
        return client ? $"{ends} {record.Text("ja3")} {record.Text("ja4")} {record.Text("ja4_r")} {record.Text("ja4_o")} {record.Text("ja4_ro")}" : ends;
    }

    private static HashSet<string> Hellos(List<CapturedPacket> packets)
    {
        FragmentTable fragments = new();
        Dictionary<FlowKey, QuicHandshake> byClient = [];
        HashSet<string> found = new(StringComparer.Ordinal);
        foreach (CapturedPacket captured in packets)
        {
            PacketStatus status = Packet.TryDecode((LinkType)captured.LinkType, captured.Bytes, out Packet packet);
            DateTimeOffset seen = DateTimeOffset.UnixEpoch.AddMicroseconds(captured.Micros);
            if (status == PacketStatus.Fragment && fragments.TryAdd(packet, seen, out ReadOnlyMemory<byte> whole))
            {
                status = Packet.TryDecode(LinkType.Raw, whole.Span, out packet);
            }

            if (status == PacketStatus.Done && packet.IsUdp)
            {
                Take(packet.Flow, packet.Payload, byClient, found);
            }
        }

        return found;
    }

    private static void Take(FlowKey flow, ReadOnlySpan<byte> payload, Dictionary<FlowKey, QuicHandshake> byClient, HashSet<string> found)
    {
        if (byClient.TryGetValue(flow.Reverse(), out QuicHandshake? handshake))
        {
            handshake.AddFromServer(payload);
            foreach (ReadOnlyMemory<byte> message in handshake.ServerMessages)
            {
                found.Add(Describe(flow, message.Span));
            }

            return;
        }

        handshake = byClient.GetValueOrDefault(flow) ?? new QuicHandshake();
        if (handshake.AddFromClient(payload) == ParseStatus.Malformed)
        {
            return;
        }

        byClient[flow] = handshake;
        foreach (ReadOnlyMemory<byte> message in handshake.ClientMessages)
        {
            string fingerprints = "";
            if (ClientHello.TryParse(message.Span, out ClientHello? hello) == ParseStatus.Done)
            {
                Ja4Forms ja4 = Ja4.Of(hello!, Ja4Transport.Quic);
                fingerprints = $" {Ja3.Hash(hello!)} {ja4.Value} {ja4.Raw} {ja4.Original} {ja4.OriginalRaw}";
            }

            found.Add(Describe(flow, message.Span) + fingerprints);
        }
    }

    private static string Describe(FlowKey flow, ReadOnlySpan<byte> message) =>
        $"{flow.SourceAddress}:{flow.SourcePort} > {flow.DestinationAddress}:{flow.DestinationPort} {Convert.ToHexStringLower(SHA256.HashData(message))}";
}
