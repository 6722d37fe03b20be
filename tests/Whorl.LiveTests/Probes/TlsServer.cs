using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Probes;

/// <summary>A real TLS server on a loopback port, for as long as a test needs it.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _running = [];
    private readonly TempFolder _folder = new();

    public int Port { get; } = RunningProcess.FreePort();

    public string Certificate => _folder.File("cert.pem");

    private string Key => _folder.File("key.pem");

    /// <summary>Starts one of: <c>nginx:DIRECTIVES</c>, <c>caddy</c>, <c>openssl:OPTIONS</c>, <c>kestrel</c>.</summary>
    /// <param name="key">What <c>openssl req -newkey</c> takes.</param>
    public static async Task<TlsServer> StartAsync(string what, string key = "rsa:2048")
    {
        TlsServer server = new();
        File.SetUnixFileMode(server._folder.Path, (UnixFileMode)0b111_111_101);
        (int code, _, string error) = await RunningProcess.RunAsync(
            "openssl",
            [
                "req", "-x509", "-newkey", .. key.Split(' '), "-nodes", "-days", "30", "-subj", "/C=DE/O=Test & Söhne/CN=probe.test", "-utf8",
                "-addext", "subjectAltName=DNS:probe.test,DNS:*.probe.test,IP:203.0.113.9", "-keyout", server.Key, "-out", server.Certificate,
            ]);
        code.ShouldBe(0, error);
        File.SetUnixFileMode(server.Key, (UnixFileMode)0b110_100_100);
        string[] parts = what.Split(':', 2);
        await (parts[0] switch
        {
            "nginx" => server.NginxAsync(parts[1]),
            "caddy" => server.CaddyAsync(),
            "openssl" => server.OpenSslAsync(parts[1]),
            _ => server.KestrelAsync(),
        });
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable each in _running)
        {
            await each.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task NginxAsync(string directives)
    {
        NginxSite site = await NginxSite.StartAsync(
            $"listen 127.0.0.1:{Port} ssl; ssl_certificate {Certificate}; ssl_certificate_key {Key}; {directives} location / {{ return 200 \"x\"; }}");
        _running.Add(site);
        await UntilAsync(null);
    }

    private async Task CaddyAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/caddy"), "caddy is not installed");
        await File.WriteAllTextAsync(_folder.File("Caddyfile"), $$"""
            {
                admin off
                auto_https off
                default_sni probe.test
                storage file_system {{_folder.Path}}/caddy
            }
            https://127.0.0.1:{{Port}}, https://example.com:{{Port}} {
                tls {{Certificate}} {{Key}}
                respond "x"
            }
            """);
        RunningProcess caddy = RunningProcess.Start(
            "/usr/bin/caddy", ["run", "--config", _folder.File("Caddyfile"), "--adapter", "caddyfile"], new Dictionary<string, string?> { ["HOME"] = _folder.Path, ["XDG_DATA_HOME"] = _folder.Path, ["XDG_CONFIG_HOME"] = _folder.Path });
        _running.Add(caddy);
        await UntilAsync(caddy);
    }

    private async Task OpenSslAsync(string options)
    {
        RunningProcess server = RunningProcess.Start(
            "openssl", ["s_server", "-accept", $"{Port}", "-cert", Certificate, "-key", Key, "-www", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        _running.Add(server);
        await UntilAsync(server);
    }

    private async Task KestrelAsync()
    {
        using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(Certificate, Key);
        X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        })));
        WebApplication app = builder.Build();
        app.MapGet("/", () => Results.Text("x"));
        await app.StartAsync();
        _running.Add(app);
    }

    private async Task UntilAsync(RunningProcess? process)
    {
        if (process is not null)
        {
            await process.UntilListeningAsync(Port);
        }
    }
}
