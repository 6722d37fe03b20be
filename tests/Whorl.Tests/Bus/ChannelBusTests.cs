using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Tests.Support;

namespace Whorl.Tests.Bus;

public sealed class ChannelBusTests : BusContract, IAsyncDisposable
{
    private readonly TestMeters _meters = new();
    private readonly List<ChannelBus> _opened = [];

    [Fact]
    public async Task A_full_queue_drops_for_itself_alone_and_says_so()
    {
        ChannelBus bus = Open(new BusOptions { QueueMessages = 2 });
        TaskCompletionSource never = new();
        Inbox other = new();
        await bus.SubscribeAsync(new("stuck", "t", Durable: true), (_, cancel) => never.Task.WaitAsync(cancel), default);
        await bus.SubscribeAsync(new("other", "t", Durable: true), other.TakeAsync, default);

        List<bool> kept = [];
        for (int i = 0; i < 3; i++)
        {
            kept.Add(await bus.PublishAsync(Message("t", $"{i}"), default));
            await other.WaitAsync(i + 1);
        }

        kept.ShouldBe([true, true, false]);
        other.Texts.ShouldBe(["0", "1", "2"]);
    }

    [Fact]
    public async Task A_queue_is_bounded_in_bytes_too()
    {
        ChannelBus bus = Open(new BusOptions { QueueMegabytes = 1 });
        await (await bus.SubscribeAsync(new("q", "t", Durable: true), (_, _) => Task.CompletedTask, default)).DisposeAsync();
        BusMessage half = new("t", new byte[512 * 1024], "x/y");

        (await bus.PublishAsync(half, default)).ShouldBeTrue();
        (await bus.PublishAsync(half, default)).ShouldBeTrue();
        (await bus.PublishAsync(half, default)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_orderly_stop_delivers_everything_first()
    {
        ChannelBus bus = Open(new BusOptions());
        Inbox inbox = new() { Failures = 1 };
        for (int i = 0; i < 50; i++)
        {
            if (i == 0)
            {
                await bus.SubscribeAsync(new("q", "t", Durable: true), inbox.TakeAsync, default);
            }

            await bus.PublishAsync(Message("t", $"{i}"), default);
        }

        await bus.CompleteAsync(default);

        inbox.Count.ShouldBe(50);
    }

    [Fact]
    public async Task Dead_letters_are_bounded_and_still_counted()
    {
        ChannelBus bus = Open(new BusOptions());
        await bus.SubscribeAsync(new("q", "t", Durable: true) { MaxTries = 1 }, (_, _) => throw new InvalidOperationException("as the test wants"), default);
        for (int i = 0; i < ChannelBus.MaxDeadLetters + 5; i++)
        {
            await bus.PublishAsync(Message("t", $"{i}"), default);
        }

        await bus.CompleteAsync(default);

        bus.DeadLetterCount.ShouldBe(ChannelBus.MaxDeadLetters + 5);
        bus.DeadLetters.Count.ShouldBe(ChannelBus.MaxDeadLetters);
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        foreach (ChannelBus bus in _opened)
        {
            await bus.CompleteAsync(now.Token);
        }

        _meters.Dispose();
    }

    internal override Task<IBusEngine> OpenAsync() => Task.FromResult<IBusEngine>(Open(new BusOptions()));

    internal override async Task<IReadOnlyList<string>> DeadLettersAsync(int count)
    {
        await Eventually(() => _opened[0].DeadLetterCount >= count);
        return [.. _opened[0].DeadLetters.Select(message => System.Text.Encoding.UTF8.GetString(message.Body.Span))];
    }

    private ChannelBus Open(BusOptions options)
    {
        ChannelBus bus = new(Options.Create(options), TimeProvider.System, new BusMetrics(_meters), NullLogger<ChannelBus>.Instance);
        _opened.Add(bus);
        return bus;
    }
}
