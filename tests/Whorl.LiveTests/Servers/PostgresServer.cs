using System.Globalization;
using Npgsql;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Servers;

/// <summary>A PostgreSQL server of the test's own, in a temporary folder on a free loopback port.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static int databases;

    private readonly string _folder = Directory.CreateTempSubdirectory("whorl-postgres-").FullName;
    private RunningProcess? _process;

    private PostgresServer(int port) => Port = port;

    public int Port { get; }

    /// <summary>Skips the test, loudly, where PostgreSQL is not installed.</summary>
    public static async Task<PostgresServer> StartNewAsync()
    {
        Assert.SkipWhen(Binary("initdb") is null, "PostgreSQL is not installed (apt install postgresql)");
        PostgresServer server = new(RunningProcess.FreePort());
        if (Environment.IsPrivilegedProcess)
        {
            // The server refuses to run as root; its own user must own the folder.
            await RunAsync("chown", ["postgres", server._folder]);
        }

        await RunAsync(Launcher, [.. Arguments("initdb"), "-D", server.Data, "-U", "whorl", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        _process = RunningProcess.Start(Launcher,
            [.. Arguments("postgres"), "-D", Data, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_folder}"]);
        await _process.UntilAsync(AnswersAsync, "ready");
    }

    /// <summary>A fast shutdown (SIGINT): orderly, but it does not wait for clients to leave.</summary>
    public async Task StopAsync()
    {
        await RunAsync("kill", ["-INT", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.UntilAsync(() => Task.FromResult(_process.HasEnded), "stopped");
    }

    /// <summary>SIGKILL to the server and all its backends.</summary>
    public Task KillAsync() => _process!.KillAsync();

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
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

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

    private static async Task RunAsync(string program, IEnumerable<string> arguments)
    {
        (int code, string output, string error) = await RunningProcess.RunAsync(program, arguments);
        code.ShouldBe(0, program + ": " + output + error);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
