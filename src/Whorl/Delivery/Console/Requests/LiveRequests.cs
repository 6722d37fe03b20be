using System.Threading.Channels;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Requests;

/// <summary>
/// The newest requests, in memory: what the live list shows and what can be explained before the journal has committed it.
/// Reads at most a few hundred a second; the rest is counted, and said on the page.
/// </summary>
internal sealed class LiveRequests(TimeProvider clock)
{
    /// <summary>A screen shows fifty; scrolling back further is the journal's work.</summary>
    public const int MaxKept = 2000;

    /// <summary>Parsing more would take CPU from the edge for rows that nobody can read.</summary>
    public const int MaxPerSecond = 500;

    /// <summary>Browsers that watch at once; more are told to reload by hand.</summary>
    public const int MaxWatchers = 32;

    private readonly Lock _lock = new();
    private readonly Queue<Observation> _kept = new();
    private readonly List<Watcher> _watchers = [];
    private long _second;
    private int _readThisSecond;
    private long _skipped;

    /// <summary>Requests that were seen but not read since the start, for lack of time.</summary>
    public long Skipped => Interlocked.Read(ref _skipped);

    /// <summary>Takes a batch as it came over the bus; the newest of it are read first.</summary>
    public void Add(ReadOnlyMemory<byte> batch)
    {
        (List<Observation> read, int skipped) = Read(batch, Allowance());
        Interlocked.Add(ref _skipped, skipped);
        lock (_lock)
        {
            _readThisSecond += read.Count;
            foreach (Observation observation in read)
            {
                if (_kept.Count == MaxKept)
                {
                    _kept.Dequeue();
                }

                _kept.Enqueue(observation);
                foreach (Watcher watcher in _watchers)
                {
                    watcher.Offer(observation);
                }
            }

            foreach (Watcher watcher in _watchers)
            {
                watcher.Skip(skipped);
            }
        }
    }

    /// <summary>What is kept, newest first.</summary>
    public IReadOnlyList<Observation> Newest()
    {
        lock (_lock)
        {
            Observation[] all = [.. _kept];
            Array.Reverse(all);
            return all;
        }
    }

    /// <summary>Starts watching; null where too many do. Dispose to stop.</summary>
    public Watcher? Watch()
    {
        lock (_lock)
        {
            if (_watchers.Count >= MaxWatchers)
            {
                return null;
            }

            Watcher watcher = new(this);
            _watchers.Add(watcher);
            return watcher;
        }
    }

    private int Allowance()
    {
        long second = clock.GetUtcNow().ToUnixTimeSeconds();
        lock (_lock)
        {
            if (second != _second)
            {
                (_second, _readThisSecond) = (second, 0);
            }

            return MaxPerSecond - _readThisSecond;
        }
    }

    // One event a line, oldest first (ObservationBatch.Json), so the tail can be read without parsing the rest.
    private static (List<Observation> Read, int Skipped) Read(ReadOnlyMemory<byte> batch, int allowance)
    {
        List<Observation> read = [];
        int skipped = 0;
        ReadOnlyMemory<byte> rest = batch;
        while (!rest.IsEmpty)
        {
            int at = rest.Span.LastIndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = rest[(at + 1)..];
            rest = at < 0 ? default : rest[..at];
            ReadOnlySpan<byte> trimmed = line.Span.TrimEnd(", \r"u8);
            if (trimmed.Length < 2 || trimmed[0] != (byte)'{')
            {
                continue;
            }

            if (read.Count >= allowance)
            {
                skipped++;
            }
            else if (CloudEvents.TryRead(line[..trimmed.Length], out Observation? observation))
            {
                read.Add(observation!);
            }
        }

        read.Reverse();
        return (read, skipped);
    }

    /// <summary>One browser's view of what comes in.</summary>
    internal sealed class Watcher(LiveRequests owner) : IDisposable
    {
        // A second at full rate; a browser that lags further is shown a gap.
        private readonly Channel<Observation> _new = Channel.CreateBounded<Observation>(new BoundedChannelOptions(MaxPerSecond) { FullMode = BoundedChannelFullMode.DropOldest });
        private long _skipped;

        public void Offer(Observation observation) => _new.Writer.TryWrite(observation);

        public void Skip(int count) => Interlocked.Add(ref _skipped, count);

        /// <summary>What came since the last call, oldest first, and how many more there were.</summary>
        public (List<Observation> New, long Skipped) Take()
        {
            List<Observation> taken = [];
            while (taken.Count < MaxPerSecond && _new.Reader.TryRead(out Observation? observation))
            {
                taken.Add(observation);
            }

            return (taken, Interlocked.Exchange(ref _skipped, 0));
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._watchers.Remove(this);
            }
        }
    }
}
