using System.Collections.Concurrent;
using System.Text;
using Whorl.Bus;

namespace Whorl.Tests.Bus;

/// <summary>What every bus must do. A new one is a subclass that gives a fresh bus.</summary>
public abstract class BusContract
{
    // Only a deadline for a broken bus; a working one is far faster.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    internal abstract Task<IBusEngine> OpenAsync();

    internal abstract Task<IReadOnlyList<string>> DeadLettersAsync(int count);

    [Fact]
    public async Task A_message_reaches_every_queue_whose_pattern_matches_and_no_other()
    {
        IBusEngine bus = await OpenAsync();
        Inbox all = new(), requests = new(), decisions = new();
        await bus.SubscribeAsync(new("all", "observation.#", Durable: true), all.TakeAsync, default);
        await bus.SubscribeAsync(new("requests", "observation.*.request", Durable: false), requests.TakeAsync, default);
        await bus.SubscribeAsync(new("decisions", "decision.changed", Durable: false), decisions.TakeAsync, default);

        foreach (string topic in (string[])["observation.http.request", "observation.edge.summary", "decision.changed", "nobody.listens"])
        {
            (await bus.PublishAsync(Message(topic, topic), default)).ShouldBeTrue();
        }

        (await all.WaitAsync(2)).ShouldBe(["observation.http.request", "observation.edge.summary"]);
        (await requests.WaitAsync(1)).ShouldBe(["observation.http.request"]);
        (await decisions.WaitAsync(1)).ShouldBe(["decision.changed"]);
    }

    [Fact]
    public async Task Topic_body_and_content_type_arrive_as_they_were_sent()
    {
        IBusEngine bus = await OpenAsync();
        TaskCompletionSource<BusMessage> arrived = new();
        await bus.SubscribeAsync(new("bytes", "bytes", Durable: false), (message, _) =>
        {
            arrived.TrySetResult(message);
            return Task.CompletedTask;
        }, default);
        byte[] body = [.. Enumerable.Range(0, 70_000).Select(i => (byte)i)];

        await bus.PublishAsync(new("bytes", body, "application/x-test"), default);

        BusMessage message = await arrived.Task.WaitAsync(Deadline);
        (message.Topic, message.ContentType).ShouldBe(("bytes", "application/x-test"));
        message.Body.Span.SequenceEqual(body).ShouldBeTrue();
    }

    [Fact]
    public async Task Messages_of_one_publisher_arrive_in_order()
    {
        IBusEngine bus = await OpenAsync();
        Inbox inbox = new();
        await bus.SubscribeAsync(new("order", "order", Durable: true), inbox.TakeAsync, default);

        string[] sent = [.. Enumerable.Range(0, 200).Select(i => $"{i}")];
        foreach (string text in sent)
        {
            await bus.PublishAsync(Message("order", text), default);
        }

        (await inbox.WaitAsync(200)).ShouldBe(sent);
    }

    [Fact]
    public async Task Durable_subscribers_of_one_queue_share_its_messages()
    {
        IBusEngine bus = await OpenAsync();
        Inbox first = new(), second = new();
        await bus.SubscribeAsync(new("shared", "shared", Durable: true), first.TakeAsync, default);
        await bus.SubscribeAsync(new("shared", "shared", Durable: true), second.TakeAsync, default);

        for (int i = 0; i < 100; i++)
        {
            await bus.PublishAsync(Message("shared", $"{i}"), default);
        }

        await Eventually(() => first.Count + second.Count >= 100);
        first.Texts.Concat(second.Texts).Order().ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}").Order());
    }

    [Fact]
    public async Task A_durable_queue_keeps_messages_while_nobody_listens()
    {
        IBusEngine bus = await OpenAsync();
        Subscription kept = new("kept", "kept", Durable: true);
        await (await bus.SubscribeAsync(kept, new Inbox().TakeAsync, default)).DisposeAsync();
        await bus.PublishAsync(Message("kept", "while away"), default);

        Inbox back = new();
        await bus.SubscribeAsync(kept, back.TakeAsync, default);

        (await back.WaitAsync(1)).ShouldBe(["while away"]);
    }

    [Fact]
    public async Task A_queue_that_is_not_durable_ends_with_its_subscription()
    {
        IBusEngine bus = await OpenAsync();
        Subscription passing = new("passing", "passing", Durable: false);
        Inbox gone = new();
        await (await bus.SubscribeAsync(passing, gone.TakeAsync, default)).DisposeAsync();
        await bus.PublishAsync(Message("passing", "missed"), default);

        Inbox back = new();
        await bus.SubscribeAsync(passing, back.TakeAsync, default);
        await bus.PublishAsync(Message("passing", "seen"), default);

        (await back.WaitAsync(1)).ShouldBe(["seen"]);
        gone.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_whose_handler_failed_is_delivered_again(bool durable)
    {
        IBusEngine bus = await OpenAsync();
        Inbox inbox = new() { Failures = 2 };
        await bus.SubscribeAsync(new("again", "again", durable), inbox.TakeAsync, default);

        await bus.PublishAsync(Message("again", "stubborn"), default);

        (await inbox.WaitAsync(1)).ShouldBe(["stubborn"]);
        inbox.Deliveries.ShouldBe(3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_the_last_try_a_message_is_a_dead_letter_and_the_next_is_delivered(bool durable)
    {
        IBusEngine bus = await OpenAsync();
        ConcurrentQueue<string> seen = new();
        TaskCompletionSource healthy = new();
        await bus.SubscribeAsync(new("poison", "poison", durable) { MaxTries = 3 }, (message, _) =>
        {
            string text = Encoding.UTF8.GetString(message.Body.Span);
            seen.Enqueue(text);
            if (text == "bad")
            {
                throw new InvalidOperationException("as the test wants");
            }

            healthy.TrySetResult();
            return Task.CompletedTask;
        }, default);

        await bus.PublishAsync(Message("poison", "bad"), default);
        await bus.PublishAsync(Message("poison", "good"), default);

        await healthy.Task.WaitAsync(Deadline);
        (await DeadLettersAsync(1)).ShouldBe(["bad"]);
        seen.Count(text => text == "bad").ShouldBe(3);
    }

    [Fact]
    public async Task A_message_the_handler_calls_poison_is_not_tried_again()
    {
        IBusEngine bus = await OpenAsync();
        int tries = 0;
        await bus.SubscribeAsync(new("hopeless", "hopeless", Durable: true), (_, _) =>
        {
            Interlocked.Increment(ref tries);
            throw new PoisonMessageException("as the test wants");
        }, default);

        await bus.PublishAsync(Message("hopeless", "never"), default);

        (await DeadLettersAsync(1)).ShouldBe(["never"]);
        tries.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_subscriber_had_in_hand_when_it_left_goes_to_the_next()
    {
        IBusEngine bus = await OpenAsync();
        Subscription shared = new("left", "left", Durable: true);
        TaskCompletionSource inHand = new();
        IAsyncDisposable leaver = await bus.SubscribeAsync(shared, async (_, cancel) =>
        {
            inHand.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancel);
        }, default);
        await bus.PublishAsync(Message("left", "unfinished"), default);
        await inHand.Task.WaitAsync(Deadline);

        await leaver.DisposeAsync();
        Inbox next = new();
        await bus.SubscribeAsync(shared, next.TakeAsync, default);

        (await next.WaitAsync(1)).ShouldBe(["unfinished"]);
    }

    [Fact]
    public async Task A_subscription_may_have_several_messages_in_hand_where_it_asks_for_that()
    {
        IBusEngine bus = await OpenAsync();
        using Barrier together = new(4);
        Inbox done = new();
        await bus.SubscribeAsync(new("wide", "wide", Durable: true) { Parallelism = 4 }, async (message, cancel) =>
        {
            // Passes only when four handlers stand here at once.
            (await Task.Run(() => together.SignalAndWait(Deadline, cancel), cancel)).ShouldBeTrue();
            await done.TakeAsync(message, cancel);
        }, default);

        for (int i = 0; i < 4; i++)
        {
            await bus.PublishAsync(Message("wide", $"{i}"), default);
        }

        (await done.WaitAsync(4)).Order().ShouldBe(["0", "1", "2", "3"]);
    }

    internal static BusMessage Message(string topic, string text) => new(topic, Encoding.UTF8.GetBytes(text), "text/plain");

    internal static async Task Eventually(Func<bool> condition)
    {
        using CancellationTokenSource late = new(Deadline);
        while (!condition())
        {
            await Task.Delay(5, late.Token);
        }
    }

    internal sealed class Inbox
    {
        private readonly ConcurrentQueue<string> _texts = new();
        private int _deliveries;

        public int Failures { get; init; }

        public int Deliveries => Volatile.Read(ref _deliveries);

        public int Count => _texts.Count;

        public IReadOnlyList<string> Texts => [.. _texts];

        public Task TakeAsync(BusMessage message, CancellationToken cancel)
        {
            if (Interlocked.Increment(ref _deliveries) <= Failures)
            {
                throw new InvalidOperationException("as the test wants");
            }

            _texts.Enqueue(Encoding.UTF8.GetString(message.Body.Span));
            return Task.CompletedTask;
        }

        public async Task<IReadOnlyList<string>> WaitAsync(int count)
        {
            await Eventually(() => Count >= count);
            return Texts;
        }
    }
}
