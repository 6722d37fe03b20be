namespace Whorl.LiveTests.Processes;

/// <summary>A real nginx on a loopback port, with a configuration of the test's own.</summary>
internal sealed class NginxSite : IAsyncDisposable
{
    private readonly RunningProcess _running;
    private readonly DirectoryInfo _folder;

    private NginxSite(RunningProcess running, DirectoryInfo folder, int port)
    {
        _running = running;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>Starts nginx with one server; <c>@PORT@</c> and <c>@DIR@</c> are filled in. Skips the test where nginx is not installed.</summary>
    public static async Task<NginxSite> StartAsync(string server = "location / { default_type text/html; return 200 \"the site\\n\"; }", int? port = null)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/nginx"), "nginx is not installed");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("whorl-nginx-");
        int listen = port ?? RunningProcess.FreePort();
        string configuration = """
            worker_processes 1;
            daemon off;
            pid @DIR@/nginx.pid;
            error_log stderr;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path @DIR@/body;
                proxy_temp_path @DIR@/proxy;
                fastcgi_temp_path @DIR@/fastcgi;
                uwsgi_temp_path @DIR@/uwsgi;
                scgi_temp_path @DIR@/scgi;
                server {
                    listen 127.0.0.1:@PORT@;
                    @SERVER@
                }
            }
            """
            .Replace("@SERVER@", server, StringComparison.Ordinal)
            .Replace("@DIR@", folder.FullName, StringComparison.Ordinal)
            .Replace("@PORT@", $"{listen}", StringComparison.Ordinal);
        string path = Path.Combine(folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(path, configuration);
        // Workers run as another user, who must be able to write here.
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111);
        RunningProcess running = RunningProcess.Start("/usr/sbin/nginx", ["-p", folder.FullName, "-c", path]);
        await running.UntilListeningAsync(listen);
        return new NginxSite(running, folder, listen);
    }

    public async ValueTask DisposeAsync()
    {
        await _running.StopAsync();
        await _running.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
