namespace Whorl.Fingerprints.Tcp;

/// <summary>How fast a host counts its TCP timestamps, and since when, if it began at zero when it started (p0f 3.09b).</summary>
/// <param name="MeasuredHertz">Ticks per second as measured.</param>
/// <param name="Hertz">The round number that is likely meant.</param>
/// <param name="Uptime">Time since the counter was zero, in whole minutes.</param>
/// <param name="Modulo">The counter starts over after this many whole days, so the host may be up that much longer.</param>
public readonly record struct TcpClock(double MeasuredHertz, int Hertz, TimeSpan Uptime, TimeSpan Modulo)
{
    /// <summary>Slowest clock that is believed, ticks per second.</summary>
    public const double MinHertz = 0.7;

    /// <summary>Fastest clock that is believed, ticks per second.</summary>
    public const double MaxHertz = 1500;

    // Fewer say nothing about the rate.
    private const uint MinTicks = 5;

    private const int GraceMilliseconds = 100;

    /// <summary>Two packets nearer than this measure the network, not the clock.</summary>
    public static TimeSpan MinElapsed { get; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Two packets farther apart may be of different hosts behind one address.</summary>
    public static TimeSpan MaxElapsed { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Measures from two packets of one host. The counter may wrap between them.</summary>
    /// <param name="first">Timestamp value of the earlier packet (its SYN or SYN-ACK).</param>
    /// <param name="later">Timestamp value of the later packet.</param>
    /// <param name="elapsed">Time between them at the observer; taken in whole milliseconds.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>False when the two cannot be measured: a value is zero, they are too near or too far apart, or the rate is none that a stack uses.</returns>
    public static bool TryMeasure(uint first, uint later, TimeSpan elapsed, out TcpClock clock)
    {
        clock = default;
        if (first == 0 || later == 0 || elapsed < MinElapsed || elapsed > MaxElapsed)
        {
            return false;
        }

        long milliseconds = (long)elapsed.TotalMilliseconds;
        uint ticks = unchecked(later - first);
        bool slightlyBack = milliseconds < GraceMilliseconds && ~ticks / 1000 < MaxHertz / GraceMilliseconds;
        if (ticks < MinTicks || ticks > ~ticks || slightlyBack)
        {
            return false; // standing still, or running backwards (packets out of order, or another host)
        }

        double measured = ticks * 1000.0 / milliseconds;
        if (measured is < MinHertz or > MaxHertz)
        {
            return false;
        }

        int hertz = Round((int)measured);
        uint minutes = later / (uint)hertz / 60;
        clock = new TcpClock(measured, hertz, TimeSpan.FromMinutes(minutes), TimeSpan.FromDays(uint.MaxValue / ((uint)hertz * 60 * 60 * 24)));
        return true;
    }

    // Stacks count in round numbers; a measurement comes out a little low, so it is pushed up.
    private static int Round(int measured) => measured switch
    {
        0 => 1,
        <= 10 => measured,
        <= 50 => (measured + 3) / 5 * 5,
        <= 100 => (measured + 7) / 10 * 10,
        <= 500 => (measured + 33) / 50 * 50,
        _ => (measured + 67) / 100 * 100,
    };
}
