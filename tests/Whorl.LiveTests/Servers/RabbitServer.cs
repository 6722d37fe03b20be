using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Servers;

/// <summary>A RabbitMQ broker of the test's own, with its own port mapper, in a temporary folder on free loopback ports.</summary>
internal sealed class RabbitServer : IAsyncDisposable
{
    private const string Script = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private readonly string _folder = Directory.CreateTempSubdirectory("whorl-rabbit-").FullName;
    private readonly Dictionary<string, string?> _environment;
    private readonly int _port = RunningProcess.FreePort();
    private RunningProcess? _process;

    private RabbitServer() => _environment = new(StringComparer.Ordinal)
    {
        ["HOME"] = _folder,
        ["RABBITMQ_NODENAME"] = $"whorl{_port}@localhost",
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = $"{_port}",
        ["RABBITMQ_DIST_PORT"] = $"{RunningProcess.FreePort()}",
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(_folder, "log"),
        ["RABBITMQ_PID_FILE"] = PidFile,
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "none"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(_folder, "none-env"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "plugins"),
        ["ERL_EPMD_PORT"] = $"{RunningProcess.FreePort()}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };

    public string Uri => $"amqp://guest:guest@127.0.0.1:{_port}/";

    private string PidFile => Path.Combine(_folder, "pid");

    /// <summary>Skips the test, loudly, where RabbitMQ is not installed.</summary>
    public static async Task<RabbitServer> StartNewAsync()
    {
        Assert.SkipUnless(File.Exists(Script), "RabbitMQ is not installed (apt install rabbitmq-server)");
        RabbitServer server = new();
        await File.WriteAllTextAsync(Path.Combine(server._folder, "plugins"), "[].");
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        _process = RunningProcess.Start(Script, [], _environment, _folder);
        await _process.UntilAsync(AnswersAsync, "ready", Deadline);
    }

    /// <summary>SIGTERM to the virtual machine itself, whose process id the broker writes down; the script around it then ends.</summary>
    public async Task StopAsync()
    {
        (await RunningProcess.RunAsync("kill", ["-TERM", (await File.ReadAllTextAsync(PidFile)).Trim()])).Code.ShouldBe(0);
        await _process!.UntilAsync(() => Task.FromResult(_process.HasEnded), "stopped", Deadline);
    }

    public Task KillAsync() => _process!.KillAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        // The port mapper outlives the broker; this one, on its own port, was started for it.
        await RunningProcess.RunAsync("epmd", ["-kill"], _environment);
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using IConnection connection = await new ConnectionFactory { Uri = new(Uri) }.CreateConnectionAsync();
            await connection.CloseAsync();
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    }
}
