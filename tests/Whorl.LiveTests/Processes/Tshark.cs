using System.Text.Json;

namespace Whorl.LiveTests.Processes;

/// <summary>A real tshark capturing one loopback port while a test makes traffic; then it is asked for fields.</summary>
internal sealed class Tshark : IAsyncDisposable
{
    private readonly RunningProcess _running;
    private readonly string _file;
    private readonly int _port;
    private readonly string _protocol;

    private Tshark(RunningProcess running, string file, int port, string protocol)
    {
        _protocol = protocol;
        _running = running;
        _file = file;
        _port = port;
    }

    /// <summary>Starts capturing; skips the test where tshark or the right to capture is missing.</summary>
    public static async Task<Tshark> StartAsync(int port, string protocol = "tls")
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tshark"), "tshark is not installed");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "capturing needs root");
        string file = Path.Combine(Path.GetTempPath(), $"whorl-{port}-{Environment.ProcessId}.pcapng");
        RunningProcess running = RunningProcess.Start("/usr/bin/dumpcap", ["-q", "-i", "lo", "-f", $"tcp port {port}", "-w", file]);
        await running.UntilAsync(() => Task.FromResult(running.Output.Contains("File:", StringComparison.Ordinal)), "capturing");
        return new Tshark(running, file, port, protocol);
    }

    /// <summary>Waits until the capture has traffic and grows no more: what was sent a moment ago may still be on its way to the file.</summary>
    public Task UntilQuietAsync()
    {
        long length = 0;
        int quiet = 0;
        return _running.UntilAsync(
            () =>
            {
                long now = new FileInfo(_file).Length;
                quiet = now == length && now > 1024 ? quiet + 1 : 0;
                length = now;
                return Task.FromResult(quiet >= 10);
            },
            "quiet");
    }

    /// <summary>Ends the capture and gives the fields of every packet that <paramref name="filter"/> takes; a field may have several values.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string[]>>> FieldsAsync(string filter, params string[] fields)
    {
        await _running.StopAsync();
        List<string> arguments = ["-r", _file, "-Y", filter, "-d", $"tcp.port=={_port},{_protocol}", "-o", "tcp.reassemble_out_of_order:TRUE", "-T", "json"];
        arguments.AddRange(fields.SelectMany(field => new[] { "-e", field }));
        (int code, string output, string error) = await RunningProcess.RunAsync("/usr/bin/tshark", arguments);
        code.ShouldBe(0, error);
        using JsonDocument document = JsonDocument.Parse(output);
        return [.. document.RootElement.EnumerateArray().Select(packet => packet.GetProperty("_source").GetProperty("layers"))
            .Select(layers => fields.ToDictionary(field => field, field => layers.TryGetProperty(field, out JsonElement values)
                ? [.. values.EnumerateArray().Select(value => value.GetString()!)]
                : Array.Empty<string>(), StringComparer.Ordinal))];
    }

    public async ValueTask DisposeAsync()
    {
        await _running.DisposeAsync();
        File.Delete(_file);
    }
}
