using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Capture;

/// <summary>A real browser over a real QUIC connection, seen from beside.</summary>
public sealed class BrowserQuicTests
{
    private const string Chromium = "/usr/bin/chromium", Caddy = "/usr/bin/caddy", Name = "site.test";

    [Fact]
    public async Task The_hello_of_Chromium_over_QUIC_has_its_name_its_protocol_and_its_fingerprint()
    {
        Assert.SkipUnless(File.Exists(Chromium), "chromium is not installed");
        Assert.SkipUnless(File.Exists(Caddy), "caddy is not installed");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "listening on an interface needs root");
        using TempFolder folder = new();
        int port = RunningProcess.FreePort();
        string key = WriteCertificate(folder);
        await File.WriteAllTextAsync(folder.File("Caddyfile"), $$"""
            {
            	admin off
            	auto_https disable_redirects
            	servers {
            		protocols h1 h2 h3
            	}
            }
            https://{{Name}}:{{port}} {
            	bind 127.0.0.1
            	tls {{folder.File("cert.pem")}} {{folder.File("key.pem")}}
            	respond "over {http.request.proto}"
            }
            """);
        Dictionary<string, string?> home = new(StringComparer.Ordinal) { ["HOME"] = folder.Path };
        await using RunningProcess caddy = RunningProcess.Start(Caddy, ["run", "--config", folder.File("Caddyfile"), "--adapter", "caddyfile"], home);
        await caddy.UntilListeningAsync(port);
        await using RunningProcess capture = RunningProcess.Start(WhorlProcess.Executable, ["capture", "-i", "lo", "--json", "--filter", $"kind: quic.client_hello and destination.port: {port}"]);
        await capture.UntilAsync(() => Task.FromResult(capture.Output.Contains("listening on lo", StringComparison.Ordinal)), "listening");

        (_, string page, string talk) = await RunningProcess.RunAsync(
            Chromium,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", $"--user-data-dir={folder.File("profile")}",
                $"--host-resolver-rules=MAP {Name} 127.0.0.1", "--enable-quic", $"--origin-to-force-quic-on={Name}:{port}", $"--ignore-certificate-errors-spki-list={key}", "--dump-dom", $"https://{Name}:{port}/",
            ],
            home);

        page.ShouldContain("over HTTP/3.0", Case.Sensitive, talk);
        await capture.UntilAsync(() => Task.FromResult(Hellos(capture).Length > 0), "seeing a hello");
        foreach (JsonElement hello in Hellos(capture))
        {
            hello.GetProperty("tls.sni").GetString().ShouldBe(Name);
            hello.GetProperty("tls.alpn").GetString()!.Split(',').ShouldContain("h3");
            hello.GetProperty("tls.ja4").GetString()!.ShouldStartWith("q13d");
            hello.GetProperty("tls.ja4").GetString()!.ShouldContain("h3_");
            hello.GetProperty("source.ip").GetString().ShouldBe("127.0.0.1");
        }
    }

    private static JsonElement[] Hellos(RunningProcess capture) =>
        [.. capture.Output.Split('\n').Where(line => line.StartsWith('{') && line.EndsWith('}')).Select(line => JsonElement.Parse(line))];

    /// <summary>Writes a certificate of our own and its key; gives the hash by which Chromium is told to take it.</summary>
    private static string WriteCertificate(TempFolder folder)
    {
        using ECDsa pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={Name}", pair, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(Name);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(10));
        File.WriteAllText(folder.File("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.File("key.pem"), pair.ExportPkcs8PrivateKeyPem());
        return Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
    }
}
