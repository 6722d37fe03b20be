using System.Text.Json;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Http;

/// <summary>HTTP/2 openings of real clients; the recorded fingerprints and header orders were computed by other code.</summary>
public sealed class SharedHttpTests
{
    [Fact]
    public void Every_captured_http2_opening_gives_the_recorded_fingerprint_and_header_names()
    {
        int seen = 0;
        List<string> earlier = [];
        foreach (string line in File.ReadLines(Repository.RequireShared("edge", "header-captures.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (!row.RootElement.TryGetProperty("h2_client_bytes", out JsonElement hex))
            {
                continue;
            }

            string bytes = hex.GetString()!;
            Http2Preface.TryParse(Convert.FromHexString(bytes), out Http2Fingerprint? fingerprint).ShouldBe(ParseStatus.Done);
            fingerprint!.Text.ShouldBe(row.RootElement.GetProperty("akamai_h2").GetString());

            // A row may describe the second request of a connection; the opening holds the first.
            if (!earlier.Exists(bytes.StartsWith))
            {
                fingerprint.HeaderNames.ShouldBe(row.RootElement.GetProperty("headers").EnumerateArray().Select(static h => h[0].GetString()!));
            }

            earlier.Add(bytes);
            seen++;
        }

        seen.ShouldBe(12);
    }
}
