using Whorl.Bus;

namespace Whorl.Tests.Bus;

/// <summary>A bus that takes nothing at first, and everything from the second try on.</summary>
internal sealed class FullThenOpenBus : IBus
{
    public int Tries { get; private set; }

    public List<BusMessage> Taken { get; } = [];

    /// <summary>Called when it takes nothing.</summary>
    public Func<Task> WhenFull { get; init; } = () => Task.CompletedTask;

    public async ValueTask<bool> PublishAsync(BusMessage message, CancellationToken cancel)
    {
        if (Tries++ == 0)
        {
            await WhenFull();
            return false;
        }

        Taken.Add(message);
        return true;
    }

    public ValueTask<IAsyncDisposable> SubscribeAsync(Subscription subscription, Func<BusMessage, CancellationToken, Task> handler, CancellationToken cancel) => throw new NotSupportedException();
}
