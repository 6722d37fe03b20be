namespace Whorl.Bus;

/// <summary>One message waiting in, or taken from, a <see cref="ChannelQueue"/>.</summary>
internal sealed record Delivery(BusMessage Message)
{
    /// <summary>Deliveries that failed so far.</summary>
    public int Tries { get; set; }
}

/// <summary>A bounded queue of <see cref="ChannelBus"/>. Unlike a channel it takes a message back at its head, for the next consumer.</summary>
internal sealed class ChannelQueue(string name, int maxMessages, long maxBytes) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Delivery> _waiting = [];
    private readonly SemaphoreSlim _available = new(0);
    private readonly HashSet<string> _patterns = new(StringComparer.Ordinal);
    private TaskCompletionSource _idle = NewIdle(done: true);
    private long _bytes;
    private int _pending;
    private bool _reported;

    public string Name => name;

    /// <summary>Subscriptions that listen now.</summary>
    public int Consumers { get; set; }

    /// <summary>Messages that wait or are in a handler's hands.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _pending;
            }
        }
    }

    /// <summary>Ends when nothing waits and nothing is in hand.</summary>
    public Task Idle
    {
        get
        {
            lock (_gate)
            {
                return _idle.Task;
            }
        }
    }

    public void Bind(string pattern)
    {
        lock (_gate)
        {
            _patterns.Add(pattern);
        }
    }

    public bool Wants(string topic)
    {
        lock (_gate)
        {
            foreach (string pattern in _patterns)
            {
                if (TopicPattern.Matches(pattern, topic))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>False where the queue is full. A message longer than the whole bound is taken by an empty queue, or it could never pass.</summary>
    public bool TryAdd(BusMessage message)
    {
        lock (_gate)
        {
            if (_pending >= maxMessages || (_pending > 0 && _bytes + message.Body.Length > maxBytes))
            {
                return false;
            }

            if (_pending++ == 0)
            {
                _idle = NewIdle(done: false);
            }

            _bytes += message.Body.Length;
            _waiting.AddLast(new Delivery(message));
        }

        _available.Release();
        return true;
    }

    /// <summary>True once each time the queue has filled; it must empty before the next report.</summary>
    public bool ShouldReportFull()
    {
        lock (_gate)
        {
            return !_reported && (_reported = true);
        }
    }

    public async ValueTask<Delivery> TakeAsync(CancellationToken cancel)
    {
        await _available.WaitAsync(cancel);
        lock (_gate)
        {
            Delivery first = _waiting.First!.Value;
            _waiting.RemoveFirst();
            return first;
        }
    }

    /// <summary>Back to the head: it is the oldest.</summary>
    public void PutBack(Delivery delivery)
    {
        lock (_gate)
        {
            _waiting.AddFirst(delivery);
        }

        _available.Release();
    }

    /// <summary>The message was handled, or given up.</summary>
    public void Settle(Delivery delivery)
    {
        lock (_gate)
        {
            _bytes -= delivery.Message.Body.Length;
            if (--_pending == 0)
            {
                _reported = false;
                _idle.TrySetResult();
            }
        }
    }

    public void Dispose() => _available.Dispose();

    private static TaskCompletionSource NewIdle(bool done)
    {
        TaskCompletionSource source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (done)
        {
            source.SetResult();
        }

        return source;
    }
}
