using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.Api;
using Whorl.Delivery.Cli;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.WebConsole;

public sealed class ExplainCommandTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Fact]
    public async Task Another_Whorl_explains_over_its_API_to_who_has_a_key()
    {
        using TempFolder folder = new();
        Observation request = host.Seen(("verdict.action", "block"), ("verdict.cause", "rule"));
        string key = (await host.Services.GetRequiredService<ApiKeyStore>().AddAsync("reader", mayWrite: false, default))!;
        await File.WriteAllTextAsync(folder.File("key"), key);
        await File.WriteAllTextAsync(folder.File("wrong"), key + "x");

        (int code, string data) = await RunAsync(request.Id.ToString(), folder.File("key"));
        (code, data.Contains("Blocked", StringComparison.Ordinal)).ShouldBe((ExitCode.Done, true));
        (await RunAsync(ObservationId.New(TimeProvider.System).ToString(), folder.File("key"))).Code.ShouldBe(ExitCode.Failed);
        (await RunAsync(request.Id.ToString(), folder.File("wrong"))).Code.ShouldBe(ExitCode.Failed);
    }

    private async Task<(int Code, string Data)> RunAsync(string id, string keyFile)
    {
        using StringWriter data = new() { NewLine = "\n" };
        using StringWriter talk = new() { NewLine = "\n" };
        LocalNode nobody = new(static _ => throw new InvalidOperationException("this machine's own services were asked"));
        int code = await ExplainCommand.Create(nobody, new(data, talk, terminal: false)).Parse([id, "--api", host.Address.ToString(), "--key-file", keyFile]).InvokeAsync();
        return (code, data.ToString());
    }
}
