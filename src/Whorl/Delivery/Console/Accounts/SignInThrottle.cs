namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>
/// Slows guessing: after some failures of one account or one address each further try waits twice as long. In memory, bounded;
/// a restart forgives, which costs an attacker more than it gives.
/// </summary>
internal sealed class SignInThrottle(TimeProvider clock)
{
    /// <summary>A person mistypes; five times is a lot.</summary>
    public const int FreeTries = 5;

    public static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(15);

    // An attacker who varies names fills this; the oldest entries go, and the address's own entry still slows the attacker.
    private const int MaxEntries = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Failures, DateTimeOffset Until)> _entries = new(StringComparer.Ordinal);

    /// <summary>How long both must wait; zero where a try is allowed now.</summary>
    public TimeSpan WaitFor(string account, string address)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_lock)
        {
            TimeSpan wait = Max(Rest("n:" + account, now), Rest("a:" + address, now));
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    public void Failed(string account, string address)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_lock)
        {
            Count("n:" + account, now);
            Count("a:" + address, now);
        }
    }

    public void Succeeded(string account)
    {
        lock (_lock)
        {
            // The address keeps its count: one known password must not reset the guessing of others.
            _entries.Remove("n:" + account);
        }
    }

    private TimeSpan Rest(string key, DateTimeOffset now) => _entries.TryGetValue(key, out (int Failures, DateTimeOffset Until) entry) && entry.Failures >= FreeTries ? entry.Until - now : TimeSpan.Zero;

    private void Count(string key, DateTimeOffset now)
    {
        _entries.TryGetValue(key, out (int Failures, DateTimeOffset Until) entry);
        if (entry.Until + MaxWait < now)
        {
            entry.Failures = 0;
        }

        if (!_entries.ContainsKey(key) && _entries.Count >= MaxEntries)
        {
            foreach (string old in _entries.OrderBy(pair => pair.Value.Until).Take(MaxEntries / 4).Select(pair => pair.Key).ToList())
            {
                _entries.Remove(old);
            }
        }

        int failures = Math.Min(entry.Failures + 1, FreeTries + 16);
        TimeSpan wait = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Max(0, failures - FreeTries)), MaxWait.TotalSeconds));
        _entries[key] = (failures, now + wait);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
