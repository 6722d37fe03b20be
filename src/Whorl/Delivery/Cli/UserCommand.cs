using System.CommandLine;
using System.Data.Common;
using Microsoft.Extensions.Options;
using Whorl.Delivery.WebConsole;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Stores;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl user add|list|remove|password|link</c>: console accounts, on the store itself; whoever can open that owns them.</summary>
internal static class UserCommand
{
    public static Command Create(LocalNode node, Output output)
    {
        Argument<string> name = new("name") { Description = "user name: lower-case letters, digits and . - _ @" };
        name.Validators.Add(result =>
        {
            if (!Account.IsName(result.GetValueOrDefault<string>() ?? ""))
            {
                result.AddError($"a user name is 1 to {Account.MaxName} lower-case letters, digits and . - _ @");
            }
        });
        Argument<string?> anyone = new("name") { Description = "whose password it sets; without it the link makes a new operator account", Arity = ArgumentArity.ZeroOrOne };
        Option<AccountRole> role = new("--role") { Description = "viewer sees everything; operator also decides", DefaultValueFactory = _ => AccountRole.Operator };
        Option<bool> stdin = new("--password-stdin") { Description = "read the password from standard input; without it a one-time link is printed" };

        Command add = new("add", """
            make an account

            Examples:
              whorl user add ada
              whorl user add grace --role viewer
              pass show whorl | whorl user add ada --password-stdin
            """) { name, role, stdin };
        add.SetAction((parsed, cancel) => RunAsync(parsed, async (host, accounts) =>
        {
            string who = parsed.GetValue(name)!;
            (string? hash, string? fault) = await ReadPasswordAsync(host, who, parsed.GetValue(stdin), cancel);
            if (fault is not null)
            {
                return output.Fail(fault, "Send it on one line of standard input.", ExitCode.WrongUsage);
            }

            if (await accounts.AddAsync(who, parsed.GetValue(role), hash, cancel) is not { } account)
            {
                return output.Fail($"There is an account {who} already.", $"Set its password with `whorl user password {who}`, or take another name.");
            }

            return hash is not null ? ExitCode.Done : await LinkAsync(host, accounts, account.Id, cancel);
        }));

        Command list = new("list", "list accounts; never passwords");
        list.SetAction((parsed, cancel) => RunAsync(parsed, async (_, accounts) =>
        {
            IReadOnlyList<Account> found = await accounts.ListAsync(cancel);
            output.Table(["name", "role", "password", "made"], [.. found.Select(account => (IReadOnlyList<string>)
                [account.Name, account.Role.ToString().ToLowerInvariant(), account.Hash is null ? "not yet" : "set", account.Created.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'")])]);
            if (found.Count == 0)
            {
                output.Say("no accounts");
                output.Next("whorl user link", "make the first one in the browser");
            }

            return ExitCode.Done;
        }));

        Command remove = new("remove", "remove an account and end its sessions, at once") { name };
        remove.SetAction((parsed, cancel) => RunAsync(parsed, async (_, accounts) => await accounts.RemoveAsync(parsed.GetValue(name)!, cancel)
            ? ExitCode.Done
            : output.Fail($"There is no account {parsed.GetValue(name)}.", "See which there are: `whorl user list`.")));

        Command password = new("password", "set a password: a one-time link, or from standard input; ends the account's sessions") { name, stdin };
        password.SetAction((parsed, cancel) => RunAsync(parsed, async (host, accounts) =>
        {
            string who = parsed.GetValue(name)!;
            (string? hash, string? fault) = await ReadPasswordAsync(host, who, parsed.GetValue(stdin), cancel);
            if (fault is not null)
            {
                return output.Fail(fault, "Send it on one line of standard input.", ExitCode.WrongUsage);
            }

            if (await accounts.FindAsync(who, cancel) is not { } account)
            {
                return output.Fail($"There is no account {who}.", "See which there are: `whorl user list`.");
            }

            if (hash is null)
            {
                return await LinkAsync(host, accounts, account.Id, cancel);
            }

            await accounts.SetHashAsync(account.Id, hash, cancel);
            return ExitCode.Done;
        }));

        Command link = new("link", "print a one-time sign-in link; the one before it stops working") { anyone };
        link.SetAction((parsed, cancel) => RunAsync(parsed, async (host, accounts) =>
        {
            Account? account = parsed.GetValue(anyone) is { } who ? await accounts.FindAsync(who, cancel) : null;
            return parsed.GetValue(anyone) is { } missing && account is null
                ? output.Fail($"There is no account {missing}.", $"Make it: `whorl user add {missing}`.")
                : await LinkAsync(host, accounts, account?.Id, cancel);
        }));

        return new Command("user", "accounts of the console") { add, list, remove, password, link };

        async Task<int> LinkAsync(IHost host, AccountStore accounts, Guid? account, CancellationToken cancel)
        {
            ConsoleOptions options = host.Services.GetRequiredService<IOptions<ConsoleOptions>>().Value;
            await output.Data.WriteLineAsync(FirstSignIn.LinkFor(options, await accounts.AddLinkAsync(account, cancel)));
            output.Say($"It works once, within {AccountStore.LinkTerm.TotalMinutes:0} minutes, and needs a running console.");
            return ExitCode.Done;
        }

        async Task<int> RunAsync(ParseResult parsed, Func<IHost, AccountStore, Task<int>> verb)
        {
            try
            {
                await using WebApplication? host = node.Open(parsed);
                return host is null ? ExitCode.WrongUsage : await verb(host, host.Services.GetRequiredService<AccountStore>());
            }
            catch (StoreException fault)
            {
                return output.Fail(fault.Message, fault.Hint);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException)
            {
                return output.Fail(fault.Message, "See `whorl doctor` for what this machine lacks.");
            }
        }
    }

    private static async Task<(string? Hash, string? Fault)> ReadPasswordAsync(IHost host, string name, bool fromInput, CancellationToken cancel)
    {
        if (!fromInput)
        {
            return (null, null);
        }

        string password = (await System.Console.In.ReadLineAsync(cancel))?.TrimEnd('\r') ?? "";
        return Account.FaultOf(name, password) is { } fault ? (null, fault) : (await host.Services.GetRequiredService<Passwords>().HashAsync(password, cancel), null);
    }
}
