using System.CommandLine;
using Whorl.Analysis.Decisions;
using Whorl.Delivery.Api;

namespace Whorl.Delivery.Cli;

/// <summary>Finds the desk a verb works at: a named API, the process that runs on this data folder, or the store itself.</summary>
internal sealed class DeskOptions(LocalNode node)
{
    private const string KeyVariable = "WHORL_API_KEY";

    private readonly Option<string?> _api = new("--api") { Description = "address of another Whorl's console, such as https://whorl.example.com", HelpName = "URL", Recursive = true };
    private readonly Option<string?> _keyFile = new("--key-file") { Description = $"file with the API key for --api; default: the environment variable {KeyVariable}", HelpName = "FILE", Recursive = true };

    public void AddTo(Command command)
    {
        command.Add(_api);
        command.Add(_keyFile);
    }

    /// <summary>Runs a verb at its desk and turns faults into lines and an exit code.</summary>
    public Task<int> RunAsync(ParseResult parsed, Output output, Func<IDecisionDesk, Task<int>> verb, CancellationToken cancel) =>
        RunAsync(
            parsed,
            output,
            verb,
            host =>
            {
                DecisionStore store = host.Services.GetRequiredService<DecisionStore>();
                return verb(new StoreDesk(store, store.ChangeAsync, host.Services.GetRequiredService<TimeProvider>(), "cli"));
            },
            cancel);

    /// <summary>The same for verbs that are no desk's: at a running process, or on this machine's services where none runs.</summary>
    public async Task<int> RunAsync(ParseResult parsed, Output output, Func<ApiClient, Task<int>> running, Func<WebApplication, Task<int>> here, CancellationToken cancel)
    {
        try
        {
            if (parsed.GetValue(_api) is { } text)
            {
                using ApiClient remote = await RemoteAsync(text, parsed.GetValue(_keyFile), cancel);
                return await running(remote);
            }

            await using WebApplication? host = node.Open(parsed);
            if (host is null)
            {
                return ExitCode.WrongUsage;
            }

            using ApiClient? local = await ApiClient.OverSocketAsync(LocalNode.SocketOf(host), cancel);
            if (local is not null)
            {
                return await running(local);
            }

            return await here(host);
        }
        catch (DeskException fault)
        {
            return output.Fail(fault.Fault.Detail, fault.Fault.Hint, fault.Fault.Status == StatusCodes.Status400BadRequest ? ExitCode.WrongUsage : ExitCode.Failed);
        }
        catch (Stores.StoreException fault)
        {
            return output.Fail(fault.Message, fault.Hint);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            return output.Fail(fault.Message, "See `whorl doctor` for what this machine lacks.");
        }
    }

    private static async Task<ApiClient> RemoteAsync(string text, string? keyFile, CancellationToken cancel)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new DeskException(DeskFault.Bad($"--api: '{text}' is no address.", "Write it like https://whorl.example.com."));
        }

        if (address.Scheme == "http" && !address.IsLoopback)
        {
            throw new DeskException(DeskFault.Bad("--api: the key would travel in clear text.", "Use https, or a tunnel to a loopback address."));
        }

        string? key = keyFile is not null ? (await File.ReadAllTextAsync(keyFile, cancel)).Trim() : Environment.GetEnvironmentVariable(KeyVariable);
        return string.IsNullOrEmpty(key)
            ? throw new DeskException(DeskFault.Bad("--api needs a key.", $"Make one there with `whorl keys add NAME --write`, and give it by --key-file or {KeyVariable}."))
            : ApiClient.At(address, key);
    }
}
