using System.Net.Sockets;

namespace Whorl.LiveTests.Processes;

/// <summary>The real executable, started with settings in its environment on a data folder of its own.</summary>
internal sealed class WhorlProcess : IAsyncDisposable
{
    private readonly Dictionary<string, string?> _environment;
    private readonly DirectoryInfo? _ownFolder;
    private readonly string[] _arguments;
    private RunningProcess _running;

    private WhorlProcess(Dictionary<string, string?> environment, DirectoryInfo? ownFolder, string data, string[] arguments)
    {
        _environment = environment;
        _ownFolder = ownFolder;
        _arguments = arguments;
        Data = data;
        _running = RunningProcess.Start(Executable, arguments, environment);
        Local = OverSocket(Path.Combine(data, "whorl.sock"));
    }

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "whorl");

    public string Data { get; }

    /// <summary>The console and API server, over the unix socket that needs no key.</summary>
    public HttpClient Local { get; }

    public string Output => _running.Output;

    public int Id => _running.Id;

    /// <summary>Starts `whorl run` (or <paramref name="arguments"/>) and waits until it is ready.</summary>
    public static async Task<WhorlProcess> StartAsync(IReadOnlyDictionary<string, string?> settings, string? data = null, params string[] arguments)
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

        WhorlProcess whorl = new(environment, own, folder, arguments.Length > 0 ? arguments : ["run"]);
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

    /// <summary>Runs a verb beside the running process, with the same settings.</summary>
    public Task<(int Code, string Output, string Error)> CliAsync(params string[] arguments) => RunningProcess.RunAsync(Executable, arguments, _environment);

    public Task KillAsync() => _running.KillAsync();

    public Task<int> StopAsync() => _running.StopAsync();

    /// <summary>Starts it again with the same settings and data.</summary>
    public async Task StartAgainAsync()
    {
        await _running.DisposeAsync();
        _running = RunningProcess.Start(Executable, _arguments, _environment);
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
