using System.IO.Compression;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Capture;

/// <summary>The real executable over damaged capture files: what was readable on standard output, where it broke on standard error, exit code 3.</summary>
public sealed class CaptureVerbTests
{
    [Theory]
    [InlineData("arkime--80211http.pcap", "cut")]
    [InlineData("arkime--80211http.pcap", "cut gzip")]
    [InlineData("arkime--80211http.pcap", "length")]
    [InlineData("ndpi--quic-forcing-vn-with-data.pcapng", "cut")]
    [InlineData("ndpi--quic-forcing-vn-with-data.pcapng", "length")]
    public async Task What_is_readable_of_a_damaged_file_is_shown_and_the_place_of_the_damage_said(string name, string damage)
    {
        using TempFolder folder = new();
        string whole = Repository.RequireShared("fingerprints", "pcap", name), broken = folder.File("broken" + Path.GetExtension(name));
        byte[] bytes = await File.ReadAllBytesAsync(whole);
        await File.WriteAllBytesAsync(broken, Damaged(bytes, damage));

        (int code, string data, string talk) = await RunningProcess.RunAsync(WhorlProcess.Executable, ["capture", "-r", broken, "--json"]);
        (_, string all, _) = await RunningProcess.RunAsync(WhorlProcess.Executable, ["capture", "-r", whole, "--json"]);

        code.ShouldBe(3, talk);
        talk.ShouldMatch("error: .*broken[^ ]*: .* at offset [0-9]+\nhint: .");
        string[] told = [.. Openings(data)];
        told.ShouldNotBeEmpty(talk);
        told.ShouldBeSubsetOf(Openings(all));
        told.Length.ShouldBeLessThanOrEqualTo(Openings(all).Count());
    }

    /// <summary>Observations that a single packet makes: of a conversation that breaks off its end is told as well, which the whole file does not have.</summary>
    private static IEnumerable<string> Openings(string data) => data.Split('\n').Where(line =>
        line.Contains("\"kind\":\"tcp.syn\"", StringComparison.Ordinal) || line.Contains("\"kind\":\"http.request\"", StringComparison.Ordinal) || line.Contains("\"kind\":\"quic.client_hello\"", StringComparison.Ordinal));

    private static byte[] Damaged(byte[] bytes, string damage)
    {
        int half = bytes.Length / 2;
        switch (damage)
        {
            case "cut":
                return bytes[..(half | 1)];
            case "cut gzip":
                using (MemoryStream packed = new())
                {
                    using (GZipStream gzip = new(packed, CompressionLevel.Optimal, leaveOpen: true))
                    {
                        gzip.Write(bytes);
                    }

                    return packed.ToArray()[..(int)(packed.Length * 3 / 4)];
                }

            default:
                // From the middle on every number is wrong, lengths among them.
                return [.. bytes[..half], .. Enumerable.Repeat((byte)0xFF, bytes.Length - half)];
        }
    }
}
