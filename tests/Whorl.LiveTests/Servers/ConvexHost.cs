using System.Globalization;
using Whorl.LiveTests.Processes;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Convex;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Servers;

/// <summary>The Convex functions of this checkout behind Convex's HTTP API, by Node on a loopback port: everything a deployment does with them, in memory.</summary>
internal sealed class ConvexHost : IAsyncDisposable
{
    public const string AdminKey = "whorl-test|0123456789abcdef";

    /// <summary>Of a worker that the deployment knows.</summary>
    public const string Token = "token-of-worker-1";

    /// <summary>Of somebody who may sign in, and nothing more.</summary>
    public const string StrangersToken = "token-of-somebody";

    private readonly RunningProcess _process;
    private readonly HttpClient _http;

    private ConvexHost(RunningProcess process, string url)
    {
        _process = process;
        Url = url;
        _http = new() { BaseAddress = new(url) };
    }

    public string Url { get; }

    /// <summary>Skips the test, loudly, where Node or the packages of the folder are not there.</summary>
    public static async Task<ConvexHost> StartNewAsync()
    {
        string folder = Path.Combine(Repository.Root, "convex");
        string? node = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(path => Path.Combine(path, "node")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(node is null, "Node is not installed (apt install nodejs)");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "convex-test")), "the packages of convex/ are not installed (npm ci)");
        RunningProcess process = RunningProcess.Start(node, ["host/serve.mjs"], new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PORT"] = "0",
            ["WHORL_HOST_ADMIN_KEY"] = AdminKey,
            ["WHORL_HOST_TOKENS"] = $$"""{"{{Token}}":"worker-1","{{StrangersToken}}":"somebody"}""",
            ["WHORL_WORKERS"] = "worker-1",
        }, folder);
        const string ready = "listening on ";
        await process.UntilAsync(() => Task.FromResult(process.Output.Contains(ready, StringComparison.Ordinal)), "listening");
        string address = process.Output.Split('\n').First(line => line.StartsWith(ready, StringComparison.Ordinal))[ready.Length..].Trim();
        return new(process, $"http://{address}");
    }

    public ConvexOptions Owner => new() { Url = Url, AdminKey = AdminKey };

    public ConvexClient Client(ConvexOptions options) => new(options, TimeProvider.System);

    /// <summary>Sets the deployment's clock, which then stands still; null has it go on.</summary>
    public async Task SetClockAsync(DateTimeOffset? now)
    {
        using StringContent time = new(now is { } at ? at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) : "");
        using HttpResponseMessage answer = await _http.PostAsync("/host/clock", time);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>An empty deployment.</summary>
    public async Task ResetAsync()
    {
        using HttpResponseMessage answer = await _http.PostAsync("/host/reset", null);
        answer.EnsureSuccessStatusCode();
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return _process.DisposeAsync();
    }
}
