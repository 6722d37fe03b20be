using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Whorl.Analysis.Journal;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Journal;

public sealed class JournalHostTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task An_orderly_stop_stores_every_observation_that_was_taken()
    {
        List<ObservationId> taken = [];
        IHost host = Build();
        await using (IAsyncDisposable ending = (IAsyncDisposable)host)
        {
            await host.StartAsync();
            IObservationSink sink = host.Services.GetRequiredService<IObservationSink>();
            for (int n = 0; n < 5000; n++)
            {
                Observation observation = Seen();
                sink.TryPublish(observation).ShouldBeTrue();
                taken.Add(observation.Id);
            }

            await host.StopAsync();
        }

        IHost later = Build();
        await using IAsyncDisposable end = (IAsyncDisposable)later;
        JournalPage page = await later.Services.GetRequiredService<JournalStore>().SearchAsync(new() { Limit = 10_000 }, default);
        page.Observations.Select(observation => observation.Id).ShouldBe(taken, ignoreOrder: true);
    }

    [Fact]
    public async Task A_message_that_is_no_batch_of_observations_becomes_a_dead_letter_and_the_next_is_stored()
    {
        IHost host = Build();
        await using IAsyncDisposable ending = (IAsyncDisposable)host;
        await host.StartAsync();
        IBus bus = host.Services.GetRequiredService<IBus>();
        Observation observation = Seen();

        await bus.PublishAsync(new("observation.a", "nonsense"u8.ToArray(), CloudEvents.BatchContentType), default);
        await bus.PublishAsync(new("observation.a", JournalContract.Batch([observation]), CloudEvents.BatchContentType), default);
        await host.StopAsync();

        ((ChannelBus)bus).DeadLetterCount.ShouldBe(1);
        (await host.Services.GetRequiredService<JournalStore>().FindAsync(observation.Id, default)).ShouldNotBeNull();
    }

    public void Dispose() => _folder.Dispose();

    private static Observation Seen() =>
        new(ObservationId.New(TimeProvider.System), "a", TimeProvider.System.GetUtcNow(), "node", new Subject("ip:192.0.2.1"), JsonDocument.Parse("{}").RootElement);

    private IHost Build()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Node:Data", _folder.File("data"))]);
        builder.AddStores().AddBus().AddJournal();
        return builder.Build();
    }
}
