using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Bus;

public sealed class ObservationOutboxTests : IDisposable
{
    private static readonly JsonElement Empty = JsonDocument.Parse("{}").RootElement;

    private readonly TestMeters _meters = new();
    private readonly ListBus _bus = new();
    private readonly BusMetrics _metrics;

    public ObservationOutboxTests() => _metrics = new(_meters);

    [Fact]
    public async Task Observations_are_gathered_by_kind_one_a_line_in_the_order_they_came()
    {
        ObservationOutbox outbox = Open();
        Observation[] sent = [Seen("a.b"), Seen("c"), Seen("a.b"), Seen("a.b")];
        foreach (Observation observation in sent)
        {
            outbox.TryPublish(observation).ShouldBeTrue();
        }

        outbox.Start();
        await outbox.CompleteAsync(default);

        _bus.Sent.Select(message => message.Topic).ShouldBe(["observation.a.b", "observation.c"]);
        _bus.Sent[0].ContentType.ShouldBe("application/cloudevents-batch+json");
        Encoding.UTF8.GetString(_bus.Sent[0].Body.Span).Split('\n').Length.ShouldBe(5);
        CloudEvents.TryReadBatch(_bus.Sent[0].Body, out IReadOnlyList<Observation> read).ShouldBeTrue();
        read.Select(observation => observation.Id).ShouldBe([sent[0].Id, sent[2].Id, sent[3].Id]);
    }

    [Fact]
    public async Task A_ready_made_batch_goes_out_as_the_bytes_it_is()
    {
        ObservationOutbox outbox = Open();
        byte[] json = "[\n{}\n]"u8.ToArray();
        ObservationId id = ObservationId.New(TimeProvider.System);
        outbox.TryPublish(new ObservationBatch("http.request", 1, id, id, json)).ShouldBeTrue();

        outbox.Start();
        await outbox.CompleteAsync(default);

        _bus.Sent.Single().Topic.ShouldBe("observation.http.request");
        _bus.Sent.Single().Body.Span.SequenceEqual(json).ShouldBeTrue();
    }

    [Fact]
    public void A_full_outbox_drops_and_counts_and_never_waits()
    {
        ObservationOutbox outbox = Open(new BusOptions { OutboxMessages = 16 });

        int kept = Enumerable.Range(0, 20).Count(_ => outbox.TryPublish(Seen("a")));

        kept.ShouldBe(16);
        _metrics.ObservationDropCount.ShouldBe(4);
    }

    [Fact]
    public void Batches_are_bounded_in_bytes_and_each_observation_of_a_dropped_one_counts()
    {
        ObservationOutbox outbox = Open(new BusOptions { OutboxMegabytes = 1 });
        ObservationId id = ObservationId.New(TimeProvider.System);
        ObservationBatch large = new("a", 10, id, id, new byte[600 * 1024]);

        outbox.TryPublish(large).ShouldBeTrue();
        outbox.TryPublish(large).ShouldBeFalse();

        _metrics.ObservationDropCount.ShouldBe(10);
    }

    [Fact]
    public async Task What_the_bus_drops_is_counted_and_the_next_goes_out()
    {
        ObservationOutbox outbox = Open();
        _bus.Answers.Enqueue(false);
        outbox.TryPublish(Seen("first"));
        outbox.TryPublish(Seen("second"));

        outbox.Start();
        await outbox.CompleteAsync(default);

        _metrics.ObservationDropCount.ShouldBe(1);
        _bus.Sent.Select(message => message.Topic).ShouldBe(["observation.second"]);
    }

    [Fact]
    public async Task A_lone_observation_goes_out_after_a_tenth_of_a_second()
    {
        ManualClock clock = new();
        ObservationOutbox outbox = Open(clock: clock);
        outbox.Start();
        outbox.TryPublish(Seen("lone"));

        // The loop sets its timer when it has taken the observation; time moves until that timer has fired.
        while (_bus.Sent.Count == 0)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        _bus.Sent.Single().Topic.ShouldBe("observation.lone");
        await outbox.CompleteAsync(default);
    }

    public void Dispose() => _meters.Dispose();

    private static Observation Seen(string kind) =>
        new(ObservationId.New(TimeProvider.System), kind, TimeProvider.System.GetUtcNow(), "node", new Subject("ip:192.0.2.1"), Empty);

    private ObservationOutbox Open(BusOptions? options = null, TimeProvider? clock = null) =>
        new(_bus, Options.Create(options ?? new BusOptions()), clock ?? TimeProvider.System, _metrics, NullLogger<ObservationOutbox>.Instance);

    private sealed class ListBus : IBus
    {
        private readonly Lock _gate = new();
        private readonly List<BusMessage> _sent = [];

        public Queue<bool> Answers { get; } = new();

        public IReadOnlyList<BusMessage> Sent
        {
            get
            {
                lock (_gate)
                {
                    return [.. _sent];
                }
            }
        }

        public ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
        {
            bool kept = !Answers.TryDequeue(out bool answer) || answer;
            if (kept)
            {
                lock (_gate)
                {
                    _sent.Add(message);
                }
            }

            return new(kept);
        }

        public ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel) =>
            throw new NotSupportedException();
    }
}
