using System.Text;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using Whorl.Bus;
using Whorl.Bus.RabbitMq;
using Whorl.Kernel;
using Whorl.LiveTests.Processes;
using Whorl.LiveTests.Servers;
using Whorl.Tests.Bus;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Bus;

public sealed class RabbitBusTests(LiveServers servers) : BusContract, IAsyncDisposable
{
    private readonly RabbitOpener _opener = new();

    public ValueTask DisposeAsync() => _opener.DisposeAsync();

    internal override async Task<IBusEngine> OpenAsync() => await _opener.OpenAsync((await servers.RabbitAsync()).Uri);

    [Fact]
    public async Task The_doctor_says_whether_the_broker_answers_and_keeps_the_password_to_itself()
    {
        DoctorFinding there = await new BusDoctor(Options.Create(new BusOptions { Provider = BusProvider.RabbitMq, Uri = (await servers.RabbitAsync()).Uri })).CheckAsync(default);
        DoctorFinding away = await new BusDoctor(Options.Create(new BusOptions
        {
            Provider = BusProvider.RabbitMq,
            Uri = $"amqp://guest:secret-word@127.0.0.1:{RunningProcess.FreePort()}/",
        })).CheckAsync(default);

        there.Ok.ShouldBeTrue(there.Detail);
        there.Detail.ShouldStartWith("version 3.");
        away.Ok.ShouldBeFalse();
        (away.Detail + away.Hint).ShouldNotContain("secret-word");
    }

    internal override async Task<IReadOnlyList<string>> DeadLettersAsync(int count)
    {
        await using IConnection connection = await new ConnectionFactory { Uri = new((await servers.RabbitAsync()).Uri) }.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        List<string> texts = [];
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(20));
        while (texts.Count < count)
        {
            if (await channel.BasicGetAsync(RabbitConnection.DeadLetters, autoAck: true, late.Token) is { } letter)
            {
                texts.Add(Encoding.UTF8.GetString(letter.Body.Span));
            }
        }

        return texts;
    }
}

/// <summary>Makes buses over one broker, each with a spool of its own, and ends them.</summary>
internal sealed class RabbitOpener : IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly List<(RabbitBus Bus, TempFolder Folder)> _opened = [];

    public BusMetrics Metrics => field ??= new(_meters);

    public async Task<RabbitBus> OpenAsync(string uri, int spoolMegabytes = 256, TempFolder? folder = null)
    {
        folder ??= new TempFolder();
        RabbitBus bus = new(
            Options.Create(new BusOptions { Provider = BusProvider.RabbitMq, Uri = uri, SpoolMegabytes = spoolMegabytes }),
            Options.Create(new NodeOptions { Name = "test", Data = folder.Path }),
            TimeProvider.System,
            Metrics,
            new TestLog<RabbitBus>());
        _opened.Add((bus, folder));
        await bus.StartAsync(default);
        return bus;
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((RabbitBus bus, TempFolder folder) in _opened)
        {
            await bus.DisposeAsync();
            folder.Dispose();
        }

        _meters.Dispose();
    }
}
