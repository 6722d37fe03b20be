using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Foundation;

/// <summary>
/// Real clients through the real edge over TLS; what the edge says of each connection must be what tshark reads off the same packets:
/// JA3 as tshark computes it, JA4 by the published rule from the fields tshark dissects.
/// </summary>
public sealed class RealClientTests
{
    private static readonly string[] HelloFields =
    [
        "tls.handshake.ja3", "tls.handshake.ciphersuite", "tls.handshake.extension.type", "tls.handshake.sig_hash_alg",
        "tls.handshake.extensions.supported_version", "tls.handshake.extensions_alpn_str", "tls.handshake.version",
    ];

    [Theory]
    [InlineData("curl --http1.1")]
    [InlineData("curl --http2")]
    [InlineData("curl --http1.1 --tlsv1.2 --tls-max 1.2")]
    [InlineData("openssl")]
    [InlineData("chromium")]
    public async Task The_fingerprints_at_the_edge_are_those_of_the_capture(string client)
    {
        int port = RunningProcess.FreePort();
        await using NginxSite site = await NginxSite.StartAsync();
        await using WhorlProcess whorl = await WhorlProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Edge:Listen:0"] = $"https://127.0.0.1:{port}",
            ["Edge:Sites:0:Upstreams:0:Url"] = site.Address,
        });

        // Everything is refused, because every refusal shows the reference by which the request can be explained.
        (await whorl.CliAsync("decisions", "add", "--ip", "127.0.0.1", "--action", "block")).Code.ShouldBe(0);
        await using Tshark capture = await Tshark.StartAsync(port);

        string reference = await AskAsync(client, port);
        JsonElement seen = await ExplainAsync(whorl, reference);
        IReadOnlyList<IReadOnlyDictionary<string, string[]>> hellos = await capture.FieldsAsync("tls.handshake.type == 1", HelloFields);

        hellos.ShouldNotBeEmpty();
        seen.GetProperty("tls.ja3").GetString().ShouldBeOneOf([.. hellos.Select(hello => hello["tls.handshake.ja3"].Single())]);
        seen.GetProperty("tls.ja4").GetString().ShouldBeOneOf([.. hellos.Select(Ja4)]);
        seen.GetProperty("http.version").GetString().ShouldBe(client is "chromium" or "curl --http2" ? "2" : "1.1");
        seen.TryGetProperty("http2.fingerprint", out _).ShouldBe(client is "chromium" or "curl --http2");
        seen.TryGetProperty("http.header_order", out _).ShouldBe(client is not "chromium" and not "curl --http2");
        seen.GetProperty("tcp.signature").GetString().ShouldNotBeNull().ShouldStartWith("4:64+0:");
    }

    private static async Task<string> AskAsync(string client, int port)
    {
        string address = $"https://127.0.0.1:{port}/";
        switch (client)
        {
            case "chromium":
                Assert.SkipUnless(File.Exists("/usr/bin/chromium"), "chromium is not installed");
                return await AskChromiumAsync(address);
            case "openssl":
                string request = $"GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n";
                (_, string answer, string error) = await RunningProcess.RunAsync("/bin/sh", ["-c", $"printf '{request}' | openssl s_client -quiet -connect 127.0.0.1:{port} 2>&1"]);
                return FirstMinutesTests.ReferenceOf(answer + error);
            default:
                (_, string head, string talk) = await RunningProcess.RunAsync("curl", ["-sk", "-D", "-", "-o", "/dev/null", .. client.Split(' ')[1..], address]);
                return FirstMinutesTests.ReferenceOf(head + talk);
        }
    }

    private static async Task<string> AskChromiumAsync(string address)
    {
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions { IgnoreHTTPSErrors = true });
        IResponse? response = await page.GotoAsync(address);
        return (await response.ShouldNotBeNull().AllHeadersAsync())["x-whorl-reference"];
    }

    /// <summary>The attributes of a request's observation, as soon as it is stored.</summary>
    internal static async Task<JsonElement> ExplainAsync(WhorlProcess whorl, string reference)
    {
        for (int tries = 0; ; tries++)
        {
            (int code, string output, string error) = await whorl.CliAsync("explain", reference, "--json");
            if (code == 0)
            {
                using JsonDocument document = JsonDocument.Parse(output);
                return document.RootElement.GetProperty("observation").Clone();
            }

            tries.ShouldBeLessThan(50, error);
            await Task.Delay(100);
        }
    }

    /// <summary>JA4 by the published rule (FoxIO, technical_details/JA4.md), from what tshark dissected and from nothing else.</summary>
    private static string Ja4(IReadOnlyDictionary<string, string[]> hello)
    {
        int[] ciphers = [.. Numbers(hello["tls.handshake.ciphersuite"])];
        int[] extensions = [.. Numbers(hello["tls.handshake.extension.type"])];
        int[] algorithms = [.. Numbers(hello["tls.handshake.sig_hash_alg"])];
        int[] versions = [.. Numbers(hello["tls.handshake.extensions.supported_version"])];
        int version = versions.Length > 0 ? versions.Max() : Numbers(hello["tls.handshake.version"]).First();
        string first = hello["tls.handshake.extensions_alpn_str"].FirstOrDefault() ?? "";
        string alpn = first.Length == 0 ? "00" : $"{first[0]}{first[^1]}";
        string a = $"t{version switch { 0x0304 => "13", 0x0303 => "12", 0x0302 => "11", 0x0301 => "10", _ => "00" }}{(extensions.Contains(0) ? 'd' : 'i')}{Math.Min(ciphers.Length, 99):00}{Math.Min(extensions.Length, 99):00}{alpn}";
        string b = Hash(string.Join(',', ciphers.Select(Hex).Order(StringComparer.Ordinal)));
        string c = string.Join(',', extensions.Where(type => type is not 0 and not 16).Select(Hex).Order(StringComparer.Ordinal));
        return $"{a}_{b}_{Hash(algorithms.Length > 0 ? $"{c}_{string.Join(',', algorithms.Select(Hex))}" : c)}";

        static string Hex(int number) => number.ToString("x4", CultureInfo.InvariantCulture);
        static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..12];
    }

    // GREASE (RFC 8701) is left out everywhere.
    private static IEnumerable<int> Numbers(string[] values) => values
        .Select(value => value.StartsWith("0x", StringComparison.Ordinal) ? int.Parse(value.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : int.Parse(value, CultureInfo.InvariantCulture))
        .Where(number => (number & 0x0F0F) != 0x0A0A || number >> 8 != (number & 0xFF));
}
