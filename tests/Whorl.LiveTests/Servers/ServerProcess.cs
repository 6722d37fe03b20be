using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Whorl.LiveTests.Servers;

/// <summary>A real server that a test started: its output is kept for the failure message, and it is ended by its own process id.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(Process process) => _process = process;

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static ServerProcess Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "/",
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        ServerProcess server = new(Process.Start(start)!);
        server._process.OutputDataReceived += server.Keep;
        server._process.ErrorDataReceived += server.Keep;
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Runs to the end; fails with the output where the exit code is not zero.</summary>
    public static async Task RunAsync(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using ServerProcess command = Start(file, arguments, environment);
        await command._process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        command._process.ExitCode.ShouldBe(0, $"{file}: {command.Output}");
    }

    /// <summary>Sends a signal such as <c>TERM</c>, <c>INT</c> or <c>KILL</c> and waits for the end.</summary>
    public async Task StopAsync(string signal, TimeSpan deadline)
    {
        if (!_process.HasExited)
        {
            using Process kill = Process.Start("/bin/kill", ["-" + signal, $"{_process.Id}"]);
            await kill.WaitForExitAsync();
            await _process.WaitForExitAsync().WaitAsync(deadline);
        }
    }

    /// <summary>Waits until something accepts connections on the port; fails with the output where the server ends first.</summary>
    public async Task WaitForPortAsync(int port, TimeSpan deadline)
    {
        using CancellationTokenSource late = new(deadline);
        while (true)
        {
            HasExited.ShouldBeFalse($"the server ended: {Output}");
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, late.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, late.Token);
            }
        }
    }

    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }
}
