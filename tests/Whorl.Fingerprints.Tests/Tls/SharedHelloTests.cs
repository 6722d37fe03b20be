using System.Text.Json;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Tls;

/// <summary>Hellos of 34 real clients, captured on loopback; their JA3 and JA4 were computed by other code.</summary>
public sealed class SharedHelloTests
{
    [Fact]
    public void Every_captured_hello_gives_the_recorded_ja3_and_ja4()
    {
        int seen = 0;
        List<string> wrong = [];
        foreach (string line in File.ReadLines(Repository.RequireShared("edge", "header-captures.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (!row.RootElement.TryGetProperty("clienthello", out JsonElement hex))
            {
                continue;
            }

            byte[] stream = Convert.FromHexString(hex.GetString()!);
            ParseStatus status = ClientHello.TryReadRecords(stream, out ClientHello? hello, out int consumed);
            string ja3 = hello is null ? status.ToString() : Ja3.Hash(hello);
            string ja4 = hello is null ? status.ToString() : Ja4.Value(hello, Ja4Transport.Tcp);
            if (ja3 != row.RootElement.GetProperty("ja3").GetString() || ja4 != row.RootElement.GetProperty("ja4").GetString() || consumed != stream.Length)
            {
                wrong.Add($"{row.RootElement.GetProperty("client")}: {ja3} {ja4} {consumed}");
            }

            seen++;
        }

        wrong.ShouldBeEmpty();
        seen.ShouldBe(76);
    }
}
