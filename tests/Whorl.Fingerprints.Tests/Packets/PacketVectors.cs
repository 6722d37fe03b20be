using System.Text.Json;
using Whorl.Fingerprints.Packets;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Packets;

/// <summary>One opening frame for each link and tunnel, with the innermost addresses and ports that tshark reads.</summary>
internal static class PacketVectors
{
    public static IReadOnlyList<(string Note, LinkType Link, byte[] Frame, string Ends)> All { get; } = Read();

    private static List<(string Note, LinkType Link, byte[] Frame, string Ends)> Read()
    {
        List<(string, LinkType, byte[], string)> all = [];
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "tests", "Whorl.Fingerprints.Tests", "vectors", "packets.jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            all.Add((
                row.GetProperty("note").GetString()!,
                (LinkType)row.GetProperty("link").GetInt32(),
                Convert.FromHexString(row.GetProperty("frame").GetString()!),
                $"{row.GetProperty("src").GetString()}:{row.GetProperty("sport").GetInt32()} > {row.GetProperty("dst").GetString()}:{row.GetProperty("dport").GetInt32()}"));
        }

        return all;
    }
}
