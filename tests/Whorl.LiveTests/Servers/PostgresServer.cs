using Npgsql;

namespace Whorl.LiveTests.Servers;

/// <summary>A PostgreSQL server of the test's own, in a temporary folder on a free loopback port.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static int databases;

    private readonly string _folder = Directory.CreateTempSubdirectory("whorl-postgres-").FullName;
    private ServerProcess? _process;

    private PostgresServer(int port) => Port = port;

    public int Port { get; }

    /// <summary>Skips the test, loudly, where PostgreSQL is not installed.</summary>
    public static async Task<PostgresServer> StartNewAsync()
    {
        Assert.SkipWhen(Binary("initdb") is null, "PostgreSQL is not installed (apt install postgresql)");
        PostgresServer server = new(ServerProcess.FreePort());
        if (Environment.IsPrivilegedProcess)
        {
            // The server refuses to run as root; its own user must own the folder.
            await ServerProcess.RunAsync("/bin/chown", ["postgres", server._folder]);
        }

        await ServerProcess.RunAsync(Launcher, [.. Arguments("initdb"), "-D", server.Data, "-U", "whorl", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        for (int tries = 1; ; tries++)
        {
            _process = ServerProcess.Start(Launcher,
                [.. Arguments("postgres"), "-D", Data, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_folder}"]);
            try
            {
                await _process.WaitForPortAsync(Port, Deadline);
                await WaitUntilReadyAsync();
                return;
            }
            catch (ShouldAssertException) when (tries < 20)
            {
                // After kill -9 the old backends hold the shared memory until they notice that their parent is gone.
                _process.Dispose();
                await Task.Delay(250);
            }
        }
    }

    /// <summary>An orderly stop that does not wait for clients.</summary>
    public Task StopAsync() => _process!.StopAsync("INT", Deadline);

    public Task KillAsync() => _process!.StopAsync("KILL", Deadline);

    /// <summary>Connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        string name = $"test{Interlocked.Increment(ref databases)}";
        await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}";
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await StopAsync();
        }

        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private static string Launcher => Environment.IsPrivilegedProcess ? "/usr/bin/setpriv" : "/usr/bin/env";

    // setpriv, unlike runuser, becomes the server: its process id is the one to signal.
    private static string[] Arguments(string binary) => Environment.IsPrivilegedProcess
        ? ["--reuid=postgres", "--regid=postgres", "--clear-groups", Binary(binary)!]
        : [Binary(binary)!];

    private static string? Binary(string name) => Directory.Exists("/usr/lib/postgresql")
        ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin", name)).FirstOrDefault(File.Exists)
        : null;

    private string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username=whorl;Database={database};Timeout=5";

    private async Task WaitUntilReadyAsync()
    {
        using CancellationTokenSource late = new(Deadline);
        while (true)
        {
            _process!.HasExited.ShouldBeFalse(_process.Output);
            try
            {
                await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
                await connection.OpenAsync(late.Token);
                return;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(50, late.Token);
            }
        }
    }
}
