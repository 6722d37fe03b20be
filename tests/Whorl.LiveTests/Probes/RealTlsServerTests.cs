using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.LiveTests.Processes;
using Whorl.Sources.Probes.Asking;
using Whorl.Sources.Probes.Protocols.Tls;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Probes;

/// <summary>
/// JARM of real servers beside a scanner that shares no code with ours (bench/probes/sequential.py: the recorded hellos of the original program, sent one
/// after another, and its rule written anew); certificates beside what openssl says.
/// </summary>
public sealed partial class RealTlsServerTests
{
    [Theory]
    [InlineData("nginx:", "rsa:2048")]
    [InlineData("nginx:ssl_protocols TLSv1.2 TLSv1.3;", "ec -pkeyopt ec_paramgen_curve:prime256v1")]
    [InlineData("nginx:ssl_protocols TLSv1.2;", "rsa:2048")]
    [InlineData("nginx:ssl_protocols TLSv1.3;", "rsa:2048")]
    [InlineData("nginx:ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0; ssl_prefer_server_ciphers on;", "rsa:2048")]
    [InlineData("nginx:ssl_ciphers ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA; http2 on;", "rsa:2048")]
    [InlineData("caddy", "rsa:2048")]
    [InlineData("caddy", "ec -pkeyopt ec_paramgen_curve:prime256v1")]
    [InlineData("openssl:", "rsa:2048")]
    [InlineData("openssl:-tls1_2 -cipher AES256-SHA", "rsa:2048")]
    [InlineData("openssl:-tls1_1 -cipher ALL:@SECLEVEL=0", "rsa:2048")]
    [InlineData("openssl:-tls1_3 -alpn h2,http/1.1", "rsa:3072")]
    [InlineData("kestrel", "rsa:2048")]
    public async Task Jarm_of_a_real_server_is_what_an_independent_scanner_finds(string what, string key)
    {
        // nginx 1.25 knows "http2 on"; before it is a word of "listen".
        what = what.Replace(" http2 on;", "", StringComparison.Ordinal);
        await using TlsServer server = await TlsServer.StartAsync(what, key);
        (int code, string output, string error) = await RunningProcess.RunAsync("python3", [Path.Combine(Repository.Root, "bench/probes/sequential.py"), $"127.0.0.1:{server.Port}"], limit: TimeSpan.FromMinutes(3));
        code.ShouldBe(0, error);
        using JsonDocument wanted = JsonDocument.Parse(output);
        foreach (int atOnce in (int[])[1, 9])
        {
            Answered answered = await AskAsync(new JarmProbe(atOnce), server.Port);
            answered.Result.Failure.ShouldBeNull();
            answered.Result.Findings[0].Attributes.Get("tls.jarm_answers").ShouldBe(wanted.RootElement.GetProperty("raw").GetString());
            answered.Result.Findings[0].Attributes.Get("tls.jarm").ShouldBe(wanted.RootElement.GetProperty("jarm").GetString());
        }
    }

    [Theory]
    [InlineData("openssl:-tls1_2", "rsa:2048", "1.2")]
    [InlineData("openssl:-tls1_3", "rsa:3072", "1.3")]
    [InlineData("openssl:-tls1 -cipher ALL:@SECLEVEL=0", "rsa:2048", "1.0")]
    [InlineData("openssl:-tls1_1 -cipher ALL:@SECLEVEL=0", "rsa:2048", "1.1")]
    [InlineData("openssl:-tls1_3", "ed25519", "1.3")]
    [InlineData("openssl:-tls1_3", "ed448", "1.3")]
    [InlineData("nginx:", "ec -pkeyopt ec_paramgen_curve:secp384r1", "1.2")]
    [InlineData("caddy", "ec -pkeyopt ec_paramgen_curve:prime256v1", "1.2")]
    public async Task A_certificate_is_what_openssl_says_it_is(string what, string key, string version)
    {
        await using TlsServer server = await TlsServer.StartAsync(what, key);
        (int code, IReadOnlyList<JsonElement> all, string error) = await WhorlProbe.RunAsync($"127.0.0.1:{server.Port}", "--cert");
        code.ShouldBe(0, error);
        JsonElement found = all.ShouldHaveSingleItem();
        found.Text("kind").ShouldBe("probe.certificate");
        found.Text("tls.chosen_version").ShouldBe(version);
        string text = await OpenSslAsync(server.Certificate, "-text");
        found.Text("certificate.sha256").ShouldBe((await OpenSslAsync(server.Certificate, "-fingerprint", "-sha256")).Split('=')[1].Replace(":", "", StringComparison.Ordinal).Trim().ToLowerInvariant());
        found.Text("certificate.serial").ShouldBe((await OpenSslAsync(server.Certificate, "-serial")).Split('=')[1].Trim().ToLowerInvariant());
        found.Text("certificate.not_before").ShouldBe(Time(await OpenSslAsync(server.Certificate, "-startdate", "-dateopt", "iso_8601")));
        found.Text("certificate.not_after").ShouldBe(Time(await OpenSslAsync(server.Certificate, "-enddate", "-dateopt", "iso_8601")));
        found.Text("certificate.subject_cn").ShouldBe("probe.test");
        Parts(found.Text("certificate.subject")!).ShouldBe(Parts((await OpenSslAsync(server.Certificate, "-subject", "-nameopt", "sep_comma_plus_space,utf8,sname"))["subject=".Length..].Trim()), ignoreOrder: true);
        found.Text("certificate.sans").ShouldBe("probe.test,*.probe.test,203.0.113.9");
        found.Text("certificate.signature").ShouldBe(SignatureLine().Match(text).Groups["name"].Value);
        found.Text("certificate.self_signed").ShouldBe("true");
        found.Text("certificate.key").ShouldBe(key.Split(' ', ':')[0]);
        found.Text("certificate.key_bits").ShouldBe(key.StartsWith("rsa", StringComparison.Ordinal) ? key[4..] : null);
        (int keyCode, string spki, string keyError) = await RunningProcess.RunAsync("bash", ["-c", $"openssl x509 -in {server.Certificate} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1"]);
        keyCode.ShouldBe(0, keyError);
        found.Text("certificate.spki_sha256").ShouldBe(spki.Trim());
    }

    private static async Task<Answered> AskAsync(IProbe probe, int port)
    {
        OutboundGuard guard = new(new OutboundOptions { Allow = ["127.0.0.0/8"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
        Asker asker = new(new ProbeLimits(100, 10_000, TimeProvider.System), guard, new SourcePorts("61000-64999"), TimeSpan.FromSeconds(30), 1 << 20, TimeProvider.System);
        PeerAddress.TryParse("127.0.0.1", out PeerAddress address).ShouldBeTrue();
        return await asker.AskAsync(probe, new ProbeTarget(address, (ushort)port, "example.com"), new TargetLimits(10, 10_000, TimeProvider.System), CancellationToken.None);
    }

    private static async Task<string> OpenSslAsync(string certificate, params string[] what)
    {
        (int code, string output, string error) = await RunningProcess.RunAsync("openssl", ["x509", "-in", certificate, "-noout", .. what]);
        code.ShouldBe(0, error);
        return output;
    }

    private static string Time(string line) => line.Split('=')[1].Trim().Replace(' ', 'T');

    // Both write "C = DE" or "C=DE" in an order of their own.
    private static IEnumerable<string> Parts(string name) => name.Split(", ").Select(part => part.Replace(" = ", "=", StringComparison.Ordinal));

    [GeneratedRegex(@"Signature Algorithm: (?<name>\S+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex SignatureLine();
}
