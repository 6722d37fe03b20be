using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Sites.Jobs;

/// <summary>What this process lets hosts and addresses bear at a time. The worker enters by host; whoever knows the address, by that. Places are left by disposing them.</summary>
internal sealed class Politeness(IOptions<SitesOptions> options, TimeProvider clock)
{
    private readonly KeyedGate<string> _hosts = new(1, options.Value.Politeness.HostGap, fromEnd: true, clock);
    private readonly KeyedGate<PeerAddress> _addresses = new(options.Value.Politeness.AddressVisits, options.Value.Politeness.AddressGap, fromEnd: false, clock);

    /// <summary>Waits until no other visit to the host runs and the gap after the last one is over.</summary>
    public ValueTask<IDisposable> EnterHostAsync(string host, CancellationToken cancel) => _hosts.EnterAsync(host, cancel);

    /// <summary>Waits for a place at the address.</summary>
    public ValueTask<IDisposable> EnterAddressAsync(PeerAddress address, CancellationToken cancel) => _addresses.EnterAsync(address, cancel);
}

/// <summary>For each key so many places, and a gap between two who enter.</summary>
/// <param name="fromEnd">Whether the gap begins when a place is left, rather than when it is taken.</param>
internal sealed class KeyedGate<TKey>(int places, TimeSpan gap, bool fromEnd, TimeProvider clock)
    where TKey : notnull
{
    // Keys nobody waits for are forgotten when so many have come together.
    private const int SweepAt = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Door> _doors = [];
    private int _sweepAt = SweepAt;

    public async ValueTask<IDisposable> EnterAsync(TKey key, CancellationToken cancel)
    {
        Door door;
        lock (_lock)
        {
            door = CollectionsMarshal.GetValueRefOrAddDefault(_doors, key, out _) ??= new(places);
            door.Users++;
        }

        try
        {
            await door.Places.WaitAsync(cancel);
        }
        catch
        {
            Leave(key, door, entered: false);
            throw;
        }

        try
        {
            TimeSpan rest;
            lock (_lock)
            {
                DateTimeOffset now = clock.GetUtcNow();
                rest = door.Next > now ? door.Next - now : TimeSpan.Zero;
                if (!fromEnd)
                {
                    door.Next = now + rest + gap;
                }
            }

            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, clock, cancel);
            }
        }
        catch
        {
            Leave(key, door, entered: true);
            throw;
        }

        return new Place(this, key, door);
    }

    private void Leave(TKey key, Door door, bool entered)
    {
        lock (_lock)
        {
            door.Users--;
            if (entered)
            {
                if (fromEnd)
                {
                    door.Next = clock.GetUtcNow() + gap;
                }

                door.Places.Release();
            }

            if (door.Users == 0 && door.Next <= clock.GetUtcNow())
            {
                _doors.Remove(key);
            }
            else if (_doors.Count > _sweepAt)
            {
                DateTimeOffset now = clock.GetUtcNow();
                foreach ((TKey idle, _) in _doors.Where(each => each.Value.Users == 0 && each.Value.Next <= now).ToArray())
                {
                    _doors.Remove(idle);
                }

                _sweepAt = Math.Max(SweepAt, 2 * _doors.Count);
            }
        }
    }

    private sealed class Door(int places)
    {
        // Never waited on by handle, so there is nothing to dispose.
        public SemaphoreSlim Places { get; } = new(places, places);

        public int Users { get; set; }

        public DateTimeOffset Next { get; set; }
    }

    private sealed class Place(KeyedGate<TKey> gate, TKey key, Door door) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Leave(key, door, entered: true);
            }
        }
    }
}
