using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>Says where the console is, and, while nobody has an account, prints the one-time link that makes the first one.</summary>
internal sealed class FirstSignIn(IServiceProvider services, IServer server, IOptions<ConsoleOptions> options, IHostApplicationLifetime lifetime, ILogger<FirstSignIn> logger) : BackgroundService
{
    /// <summary>The page a token opens; <paramref name="bound"/> is where the server really listens, if that is known.</summary>
    public static string LinkFor(ConsoleOptions options, string token, string? bound = null) => $"{(options.PublicUrl ?? bound ?? options.Listen).TrimEnd('/')}/sign-in/link?token={token}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        string? bound = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(address => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp && !address.Contains("unix:", StringComparison.Ordinal));
        ConsoleLog.Listening(logger, options.Value.PublicUrl ?? bound ?? options.Value.Listen);
        if (services.GetService<AccountStore>() is not { } accounts)
        {
            ConsoleLog.NoStore(logger);
            return;
        }

        if (!await accounts.AnyAsync(stoppingToken))
        {
            // To the terminal, not to the log: logs are kept and shipped, and this is a key.
            string link = LinkFor(options.Value, await accounts.AddLinkAsync(account: null, stoppingToken), bound);
            await System.Console.Error.WriteLineAsync($"sign in to the console, once, within {AccountStore.LinkTerm.TotalMinutes:0} minutes (again: whorl user link):\n  {link}");
        }
    }
}
