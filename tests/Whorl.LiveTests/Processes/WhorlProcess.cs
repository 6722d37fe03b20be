using System.Net.Sockets;

namespace Whorl.LiveTests.Processes;

/// <summary>The real executable, started with settings in its environment on a data folder of its own.</summary>
internal sealed class WhorlProcess : IAsyncDisposable
{
    private static readonly string[] Alarming = [" fail: ", " crit: ", "nhandled"];

    private readonly Dictionary<string, string?> _environment;
    private readonly DirectoryInfo? _ownFolder;
    private readonly string[] _commandLine;
    private RunningProcess _running;

    private WhorlProcess(Dictionary<string, string?> environment, DirectoryInfo? ownFolder, string data, string[] commandLine)
    {
        _environment = environment;
        _ownFolder = ownFolder;
        _commandLine = commandLine;
        Data = data;
        _running = RunningProcess.Start(commandLine[0], commandLine[1..], environment);
        Local = OverSocket(Path.Combine(data, "whorl.sock"));
    }

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "whorl");

    public string Data { get; }

    /// <summary>The console and API server, over the unix socket that needs no key.</summary>
    public HttpClient Local { get; }

    public string Output => _running.Output;

    /// <summary>Lines of the log that ask for a person: errors, and what nobody caught.</summary>
    public IReadOnlyList<string> Alarms => [.. Output.Split('\n').Where(line => Alarming.Any(word => line.Contains(word, StringComparison.Ordinal)))];

    public int Id => _running.Id;

    /// <summary>Starts `whorl run` (or <paramref name="arguments"/>) and waits until it is ready.</summary>
    public static Task<WhorlProcess> StartAsync(IReadOnlyDictionary<string, string?> settings, string? data = null, params string[] arguments) =>
        StartUnderAsync([], settings, data, arguments);

    /// <summary>The same, started by another program: <c>ip netns exec NAME</c>, <c>setpriv</c> …, which must become the process it starts.</summary>
    public static async Task<WhorlProcess> StartUnderAsync(string[] launcher, IReadOnlyDictionary<string, string?> settings, string? data = null, params string[] arguments)
    {
        DirectoryInfo? own = data is null ? Directory.CreateTempSubdirectory("whorl-live-") : null;
        string folder = data ?? own!.FullName;
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["WHORL_Node__Data"] = folder,
            ["WHORL_Console__Listen"] = $"http://127.0.0.1:{RunningProcess.FreePort()}",
        };
        foreach ((string key, string? value) in settings)
        {
            environment["WHORL_" + key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        WhorlProcess whorl = new(environment, own, folder, [.. launcher, Executable, .. arguments.Length > 0 ? arguments : ["run"]]);
        await whorl.UntilReadyAsync();
        return whorl;
    }

    public string Setting(string key) => _environment["WHORL_" + key.Replace(":", "__", StringComparison.Ordinal)]!;

    public Task UntilReadyAsync() => _running.UntilAsync(
        async () =>
        {
            try
            {
                using HttpResponseMessage answer = await Local.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            }
            catch (Exception fault) when (fault is HttpRequestException or SocketException)
            {
                return false;
            }
        },
        "ready");

    /// <summary>Waits until a health check says something with <paramref name="text"/> in it.</summary>
    public Task UntilHealthSaysAsync(string text, TimeSpan? limit = null) => _running.UntilAsync(
        async () => (await Local.GetStringAsync("/health/ready")).Contains(text, StringComparison.Ordinal), $"saying '{text}' in health", limit);

    /// <summary>Waits until standard output or error has <paramref name="text"/> in it.</summary>
    public Task UntilSaysAsync(string text, TimeSpan? limit = null) =>
        _running.UntilAsync(() => Task.FromResult(Output.Contains(text, StringComparison.Ordinal)), $"saying '{text}'", limit);

    /// <summary>Asks again and again until <paramref name="ready"/> says yes.</summary>
    public Task UntilAsync(Func<Task<bool>> ready, string what, TimeSpan? limit = null) => _running.UntilAsync(ready, what, limit);

    /// <summary>Runs a verb beside the running process, with the same settings.</summary>
    public Task<(int Code, string Output, string Error)> CliAsync(params string[] arguments) => RunningProcess.RunAsync(Executable, arguments, _environment);

    public Task KillAsync() => _running.KillAsync();

    public Task<int> StopAsync() => _running.StopAsync();

    /// <summary>Starts it again with the same settings and data.</summary>
    public async Task StartAgainAsync()
    {
        await _running.DisposeAsync();
        _running = RunningProcess.Start(_commandLine[0], _commandLine[1..], _environment);
        await UntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Local.Dispose();
        await _running.DisposeAsync();
        _ownFolder?.Delete(recursive: true);
    }

    private static HttpClient OverSocket(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    }) { BaseAddress = new Uri("http://whorl/"), Timeout = TimeSpan.FromSeconds(20) };
}
