using System.Text.Json;
using Whorl.Fingerprints.Packets;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Captures;

/// <summary>SSH openings of every public capture against what tshark and independent code read from them.</summary>
public sealed class SshSuiteTests
{
    // More than any opening in the captures; keeps long sessions out of memory.
    private const int MaxStream = 256 * 1024;

    [Fact]
    public void Every_banner_and_key_exchange_is_found_with_its_values()
    {
        int compared = 0;
        List<string> missing = [];
        foreach ((string file, List<JsonElement> records) in ExpectedRecords.Read("expected.jsonl", record => record.IsOfType("ssh_banner", "ssh_kexinit")))
        {
            HashSet<string> seen = [.. Streams(file).SelectMany(stream => Describe(stream.Key, stream.Value))];
            foreach (JsonElement record in records)
            {
                compared++;
                string ports = $"{record.Number("sport")} > {record.Number("dport")}";
                string wanted = record.IsOfType("ssh_banner")
                    ? $"{ports} {record.Text("banner")}"
                    : $"{ports} {record.Text("md5_as_client")} {record.Text("md5_as_server")} {record.Text("host_key_algorithms")}";
                if (!seen.Contains(wanted))
                {
                    missing.Add($"{Path.GetFileName(file)} {wanted}");
                }
            }
        }

        missing.ShouldBeEmpty(string.Join('\n', missing));
        compared.ShouldBe(85);
    }

    private static IEnumerable<string> Describe(FlowKey flow, byte[] stream)
    {
        if (SshBanner.TryParse(stream, out SshBanner? banner) != ParseStatus.Done)
        {
            yield break;
        }

        yield return $"{flow.SourcePort} > {flow.DestinationPort} {banner!.Text}";
        if (KexInit.TryParse(stream.AsSpan(banner.Length), out KexInit? kexInit) == ParseStatus.Done)
        {
            yield return $"{flow.SourcePort} > {flow.DestinationPort} {Hassh.Hash(kexInit!)} {HasshServer.Hash(kexInit!)} {kexInit!.HostKeyAlgorithms}";
        }
    }

    /// <summary>One direction of each TCP connection, as far as it has no gap; the first copy of a byte counts.</summary>
    private static Dictionary<FlowKey, byte[]> Streams(string file)
    {
        Dictionary<FlowKey, List<(uint Sequence, byte[] Bytes)>> segments = [];
        foreach (CapturedPacket captured in PcapReader.Read(file))
        {
            if (Packet.TryDecode((LinkType)captured.LinkType, captured.Bytes, out Packet packet) != PacketStatus.Done || !packet.IsTcp || packet.Payload.IsEmpty)
            {
                continue;
            }

            if (!segments.TryGetValue(packet.Flow, out List<(uint, byte[])>? list))
            {
                segments.Add(packet.Flow, list = []);
            }

            list.Add((packet.Sequence, packet.Payload.ToArray()));
        }

        return segments.ToDictionary(pair => pair.Key, pair => Join(pair.Value));
    }

    private static byte[] Join(List<(uint Sequence, byte[] Bytes)> segments)
    {
        uint start = segments[0].Sequence;
        List<byte> stream = [];
        foreach ((uint sequence, byte[] bytes) in segments.OrderBy(segment => (int)(segment.Sequence - start)))
        {
            int offset = (int)(sequence - start);
            int known = stream.Count - offset;
            if (offset < 0 || known < 0 || stream.Count > MaxStream)
            {
                continue;
            }

            stream.AddRange(bytes.Skip(known));
        }

        return [.. stream];
    }
}
