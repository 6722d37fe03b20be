using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>Whole ways from captured frame to JA4: every link, tunnel, fragment and segment order of the generated captures.</summary>
public sealed class EncapsulationSuiteTests
{
    [Fact]
    public void Every_hello_comes_out_of_links_tunnels_fragments_and_segments()
    {
        int compared = 0;
        List<string> missing = [];
        foreach ((string file, List<JsonElement> records) in ExpectedRecords.Read("synthetic/syn-truth.jsonl", record =>
            record.IsOfType("tls_client_hello") && record.Text("transport") == "tls"))
        {
            HashSet<string> ours = [.. TcpStreams.Read(file).Select(stream => Describe(stream.Flow, stream.Bytes))];
            foreach (JsonElement record in records)
            {
                compared++;
                string wanted = $"{IPAddress.Parse(record.Text("src"))}:{record.Number("sport")} > {IPAddress.Parse(record.Text("dst"))}:{record.Number("dport")} {record.Text("hello_sha256")} {record.Text("ja3")} {record.Text("ja4")}";
                if (!ours.Contains(wanted))
                {
                    missing.Add($"{Path.GetFileName(file)} {(record.TryGetProperty("note", out JsonElement note) ? note : "")}: {wanted}");
                }
            }
        }

        missing.ShouldBeEmpty($"{missing.Count} of {compared}\n" + string.Join('\n', missing));
        compared.ShouldBeGreaterThanOrEqualTo(150);
    }

    private static string Describe(FlowKey flow, byte[] stream)
    {
        if (ClientHello.TryReadRecords(stream, out ClientHello? hello, out _) != ParseStatus.Done)
        {
            return "";
        }

        return $"{flow.SourceAddress}:{flow.SourcePort} > {flow.DestinationAddress}:{flow.DestinationPort} {Convert.ToHexStringLower(SHA256.HashData(hello!.Message))} {Ja3.Hash(hello)} {Ja4.Value(hello, Ja4Transport.Tcp)}";
    }
}
