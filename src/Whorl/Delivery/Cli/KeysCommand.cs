using System.CommandLine;
using System.Data.Common;
using Whorl.Delivery.Api;
using Whorl.Stores;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl keys add|list|remove</c>: API keys, on the store itself; whoever can open that owns them.</summary>
internal static class KeysCommand
{
    public static Command Create(LocalNode node, Output output)
    {
        Argument<string> name = new("name") { Description = "what the key is for, such as grafana" };
        name.Validators.Add(result =>
        {
            string text = result.GetValueOrDefault<string>() ?? "";
            if (text.Length is 0 or > ApiKeyStore.MaxNameLength || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            {
                result.AddError($"a key's name is 1 to {ApiKeyStore.MaxNameLength} letters, digits, dots, dashes and underscores");
            }
        });
        Option<bool> write = new("--write") { Description = "may change decisions; without it the key may only look" };

        Command add = new("add", """
            make a key and print it, this once

            Examples:
              whorl keys add grafana
              whorl keys add deploy --write > deploy.key
            """) { name, write };
        add.SetAction((parsed, cancel) => RunAsync(parsed, async keys =>
        {
            if (await keys.AddAsync(parsed.GetValue(name)!, parsed.GetValue(write), cancel) is not { } key)
            {
                return output.Fail($"There is a key {parsed.GetValue(name)} already.", "Remove it first with `whorl keys remove`, or take another name.");
            }

            await output.Data.WriteLineAsync(key);
            output.Say("Keep it: only its hash is stored, and it is not shown again. Send it as X-Api-Key.");
            return ExitCode.Done;
        }));

        Command list = new("list", "list keys; never the keys themselves");
        list.SetAction((parsed, cancel) => RunAsync(parsed, async keys =>
        {
            IReadOnlyList<ApiKey> found = await keys.ListAsync(cancel);
            output.Table(["name", "may", "made"], [.. found.Select(key => (IReadOnlyList<string>)[key.Name, key.MayWrite ? "write" : "read", key.Made.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'")])]);
            if (found.Count == 0)
            {
                output.Say("no keys");
                output.Next("whorl keys add NAME --write", "make one");
            }

            return ExitCode.Done;
        }));

        Command remove = new("remove", "revoke a key, at once") { name };
        remove.SetAction((parsed, cancel) => RunAsync(parsed, async keys => await keys.RemoveAsync(parsed.GetValue(name)!, cancel)
            ? ExitCode.Done
            : output.Fail($"There is no key {parsed.GetValue(name)}.", "See which there are: `whorl keys list`.")));
        return new Command("keys", "API keys") { add, list, remove };

        async Task<int> RunAsync(ParseResult parsed, Func<ApiKeyStore, Task<int>> verb)
        {
            try
            {
                await using WebApplication? host = node.Open(parsed);
                return host is null ? ExitCode.WrongUsage : await verb(host.Services.GetRequiredService<ApiKeyStore>());
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
}
