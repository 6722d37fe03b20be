using Whorl.Sources.Edge.Connections;
using Whorl.Tests.Support;

namespace Whorl.Tests.Edge.Connections;

public sealed class AfterCloseTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task A_connection_that_is_gone_is_let_go_although_what_serves_it_never_ends()
    {
        Task open = AfterClose.EndAsync(new TaskCompletionSource().Task, _clock, CancellationToken.None);
        Task gone = AfterClose.EndAsync(new TaskCompletionSource().Task, _clock, new CancellationToken(canceled: true));

        _clock.Advance(AfterClose.Grace - TimeSpan.FromMilliseconds(1));
        gone.IsCompleted.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await gone;

        _clock.Advance(TimeSpan.FromHours(10));
        open.IsCompleted.ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_ends_or_fails_does_so_for_whoever_waits(bool gone)
    {
        TaskCompletionSource fine = new(), broken = new();
        Task ended = AfterClose.EndAsync(fine.Task, _clock, new CancellationToken(gone)), failed = AfterClose.EndAsync(broken.Task, _clock, new CancellationToken(gone));

        fine.SetResult();
        broken.SetException(new TimeoutException("of its own"));

        await ended;
        (await Should.ThrowAsync<TimeoutException>(failed)).Message.ShouldBe("of its own");
    }
}
