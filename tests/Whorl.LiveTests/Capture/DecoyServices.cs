using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Capture;

/// <summary>What the decoy offers: HTTP on 80, TLS 1.2 and 1.3 on 443 (nginx), SSH on 22 (OpenSSH); IPv4 and IPv6.</summary>
internal sealed class DecoyServices : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<RunningProcess> _running = [];

    public static async Task<DecoyServices> StartAsync(TestNetwork network)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nginx"), "nginx is not installed");
        Assert.SkipUnless(File.Exists("/usr/sbin/sshd"), "openssh-server is not installed");
        DecoyServices services = new();
        await services.StartWebAsync(network.Decoy);
        await services.StartShellAsync(network.Decoy);
        return services;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RunningProcess process in _running)
        {
            await process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task StartWebAsync(string host)
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_111_111);
        string key = _folder.File("key.pem"), certificate = _folder.File("certificate.pem");
        (int code, _, string error) = await RunningProcess.RunAsync(
            "openssl",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=decoy.test", "-addext", "subjectAltName=DNS:decoy.test", "-keyout", key, "-out", certificate]);
        code.ShouldBe(0, error);
        await File.WriteAllTextAsync(_folder.File("nginx.conf"), $$"""
            worker_processes 1;
            daemon off;
            pid {{_folder.Path}}/nginx.pid;
            error_log stderr;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path {{_folder.Path}}/body;
                proxy_temp_path {{_folder.Path}}/proxy;
                fastcgi_temp_path {{_folder.Path}}/fastcgi;
                uwsgi_temp_path {{_folder.Path}}/uwsgi;
                scgi_temp_path {{_folder.Path}}/scgi;
                server {
                    listen 80;
                    listen [::]:80;
                    listen 443 ssl;
                    listen [::]:443 ssl;
                    ssl_certificate {{certificate}};
                    ssl_certificate_key {{key}};
                    ssl_protocols TLSv1.2 TLSv1.3;
                    location / { return 200 "decoy\n"; }
                }
            }
            """);
        _running.Add(TestNetwork.Start(host, "/usr/sbin/nginx", "-p", _folder.Path, "-c", _folder.File("nginx.conf")));
        await ListensAsync(host, 443);
    }

    private async Task StartShellAsync(string host)
    {
        Directory.CreateDirectory("/run/sshd"); // OpenSSH wants it for privilege separation
        string key = _folder.File("host_key");
        (int code, _, string error) = await RunningProcess.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
        code.ShouldBe(0, error);
        await File.WriteAllTextAsync(_folder.File("sshd_config"), $"Port 22\nHostKey {key}\nUsePAM no\nPidFile none\n");
        _running.Add(TestNetwork.Start(host, "/usr/sbin/sshd", "-D", "-e", "-f", _folder.File("sshd_config")));
        await ListensAsync(host, 22);
    }

    private Task ListensAsync(string host, int port) => _running[^1].UntilAsync(
        async () => (await TestNetwork.RunAsync(host, "bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{port}")).Code == 0, $"listening on port {port}");
}
