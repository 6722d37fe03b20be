namespace Whorl.Sources.Probes.Asking;

/// <summary>So many places; who needs several gets them at once, and those who wait are let in in order.</summary>
internal sealed class Gate(int places)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private int _free = places;

    /// <summary>All places there are.</summary>
    public int Places { get; } = places;

    /// <summary>Places taken now.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
            {
                return Places - _free;
            }
        }
    }

    /// <param name="count">At most <see cref="Places"/>.</param>
    public ValueTask EnterAsync(int count, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Places);
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_waiters.Count == 0 && _free >= count)
            {
                _free -= count;
                return ValueTask.CompletedTask;
            }

            Waiter waiter = new(count);
            LinkedListNode<Waiter> node = _waiters.AddLast(waiter);
            return new(WaitAsync(node, cancel));
        }
    }

    public void Leave(int count)
    {
        lock (_lock)
        {
            _free += count;
            Admit();
        }
    }

    private async Task WaitAsync(LinkedListNode<Waiter> node, CancellationToken cancel)
    {
        await using CancellationTokenRegistration registration = cancel.UnsafeRegister(
            _ =>
            {
                lock (_lock)
                {
                    if (node.List is null)
                    {
                        return; // let in a moment before
                    }

                    _waiters.Remove(node);
                    Admit(); // whoever stood behind may fit
                }

                node.Value.TrySetCanceled(cancel);
            },
            null);
        await node.Value.Task;
    }

    private void Admit()
    {
        while (_waiters.First is { } first && _free >= first.Value.Count)
        {
            _free -= first.Value.Count;
            _waiters.RemoveFirst();
            first.Value.TrySetResult();
        }
    }

    private sealed class Waiter(int count) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Count { get; } = count;
    }
}
