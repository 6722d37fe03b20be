using Whorl.Sources.Sites.Jobs;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

public sealed class PolitenessTests
{
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(2);

    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Who_comes_next_waits_for_the_end_and_then_for_the_gap()
    {
        KeyedGate<string> hosts = new(1, Gap, fromEnd: true, _clock);
        IDisposable first = await hosts.EnterAsync("a", default);
        ValueTask<IDisposable> other = hosts.EnterAsync("b", default);
        Task<IDisposable> second = hosts.EnterAsync("a", default).AsTask();
        other.IsCompleted.ShouldBeTrue("another host is nobody's to wait for");
        _clock.Advance(10 * Gap);
        second.IsCompleted.ShouldBeFalse();

        first.Dispose();
        first.Dispose();
        await UntilWaitsAsync(second);
        _clock.Advance(Gap);
        (await second.WaitAsync(TimeSpan.FromSeconds(30))).Dispose();
        (await other).Dispose();
    }

    [Fact]
    public async Task An_address_has_several_places_and_a_gap_between_beginnings()
    {
        KeyedGate<string> addresses = new(2, Gap, fromEnd: false, _clock);
        IDisposable one = await addresses.EnterAsync("a", default);
        Task<IDisposable> two = addresses.EnterAsync("a", default).AsTask();
        await UntilWaitsAsync(two);
        _clock.Advance(Gap);
        using IDisposable second = await two.WaitAsync(TimeSpan.FromSeconds(30));
        _clock.Advance(Gap);
        Task<IDisposable> three = addresses.EnterAsync("a", default).AsTask();
        three.IsCompleted.ShouldBeFalse("both places are taken");
        one.Dispose();
        (await three.WaitAsync(TimeSpan.FromSeconds(30))).Dispose();
    }

    [Fact]
    public async Task Who_gives_up_waiting_takes_nobodys_place()
    {
        KeyedGate<string> hosts = new(1, Gap, fromEnd: true, _clock);
        IDisposable first = await hosts.EnterAsync("a", default);
        using CancellationTokenSource stop = new();
        Task<IDisposable> second = hosts.EnterAsync("a", stop.Token).AsTask();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => second);
        first.Dispose();
        _clock.Advance(Gap);
        ValueTask<IDisposable> third = hosts.EnterAsync("a", default);
        third.IsCompletedSuccessfully.ShouldBeTrue();
        (await third).Dispose();
    }

    // The place was left; whoever waited now waits for the gap, on the clock.
    private static async Task UntilWaitsAsync(Task waiting)
    {
        for (int i = 0; i < 1000 && !waiting.IsCompleted; i++)
        {
            await Task.Yield();
        }

        waiting.IsCompleted.ShouldBeFalse();
    }
}
