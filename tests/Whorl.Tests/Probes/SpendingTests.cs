using Whorl.Sources.Probes.Asking;
using Whorl.Tests.Support;

namespace Whorl.Tests.Probes;

public sealed class SpendingTests
{
    [Fact]
    public async Task A_gate_lets_in_as_many_as_fit_and_the_others_in_order()
    {
        Gate gate = new(3);
        await gate.EnterAsync(2, default);
        Task wide = gate.EnterAsync(3, default).AsTask();
        Task narrow = gate.EnterAsync(1, default).AsTask();
        wide.IsCompleted.ShouldBeFalse();
        narrow.IsCompleted.ShouldBeFalse();
        gate.Taken.ShouldBe(2);

        gate.Leave(2);
        await wide;
        narrow.IsCompleted.ShouldBeFalse();
        gate.Leave(3);
        await narrow;
        gate.Taken.ShouldBe(1);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_makes_room_for_those_behind()
    {
        Gate gate = new(2);
        await gate.EnterAsync(1, default);
        using CancellationTokenSource cancel = new();
        Task wide = gate.EnterAsync(2, cancel.Token).AsTask();
        Task narrow = gate.EnterAsync(1, default).AsTask();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(wide);
        await narrow;
        gate.Taken.ShouldBe(2);
    }

    [Fact]
    public void More_than_there_are_places_is_a_fault_of_ours() => Should.Throw<ArgumentOutOfRangeException>(() => new Gate(2).EnterAsync(3, default).AsTask());

    [Fact]
    public async Task A_pace_spreads_what_comes_at_once()
    {
        ManualClock clock = new();
        Pace pace = new(10, clock);
        List<Task> tasks = [.. Enumerable.Range(0, 5).Select(_ => pace.TakeAsync(1, default).AsTask())];
        tasks.Count(task => task.IsCompleted).ShouldBe(1);
        for (int ready = 2; ready <= 5; ready++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(101));
            await tasks[ready - 1];
            tasks.Count(task => task.IsCompleted).ShouldBe(ready);
        }
    }

    [Fact]
    public void A_pace_that_rested_lets_a_tenth_of_a_second_through_at_once()
    {
        ManualClock clock = new();
        Pace pace = new(100, clock);
        clock.Advance(TimeSpan.FromMinutes(1));
        Enumerable.Range(0, 20).Select(_ => pace.TakeAsync(1, default).AsTask()).Count(task => task.IsCompleted).ShouldBe(10);
    }
}
