namespace Whorl.Sources.Probes.Asking;

/// <summary>So many a second, evenly; a tenth of a second's worth may come at once.</summary>
internal sealed class Pace(double perSecond, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly double _step = clock.TimestampFrequency / perSecond;
    private readonly double _burst = Math.Max(clock.TimestampFrequency / 10.0, clock.TimestampFrequency / perSecond);
    private double _next;

    public async ValueTask TakeAsync(int count, CancellationToken cancel)
    {
        double wait;
        lock (_lock)
        {
            double now = clock.GetTimestamp();
            _next = Math.Max(_next, now - _burst) + (count * _step);
            wait = _next - now;
        }

        if (wait > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(wait / clock.TimestampFrequency), clock, cancel);
        }
    }
}
