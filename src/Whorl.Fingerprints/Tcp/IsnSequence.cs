namespace Whorl.Fingerprints.Tcp;

/// <summary>How a host chooses its initial sequence numbers.</summary>
public enum IsnClass
{
    /// <summary>Too few connections to tell.</summary>
    Unknown,

    /// <summary>Always the same number.</summary>
    Constant,

    /// <summary>The same amount more for each connection, such as 64,000 (BSD of old).</summary>
    FixedStep,

    /// <summary>Differences share a divisor, such as 800.</summary>
    CommonDivisor,

    /// <summary>Follows the clock (RFC 793; RFC 6528 for one pair of ends).</summary>
    TimeBased,

    /// <summary>Always upwards, by varying amounts.</summary>
    RandomIncrements,

    /// <summary>No pattern.</summary>
    Random,
}

/// <summary>Tells how a host chooses its initial sequence numbers from numbers seen in order. Numbers wrap at 32 bits.</summary>
public static class IsnSequence
{
    /// <summary>Numbers needed before anything is said.</summary>
    public const int MinCount = 4;

    // Three random differences share a divisor of 10 or more about once in a hundred times, of 64 once in five thousand.
    private const uint MinDivisor = 64;

    // Of the range; three steps in a row stay below a sixteenth by chance once in four thousand times.
    private const uint MaxRandomStep = 0x1000_0000;

    // Observed times carry the jitter of the network.
    private const double RateTolerance = 0.1;

    /// <summary>Classifies numbers in the order in which one host sent them.</summary>
    /// <param name="numbers">Sequence numbers of SYN or SYN-ACK packets.</param>
    /// <param name="times">When each was seen, from any fixed moment; empty if unknown, then <see cref="IsnClass.TimeBased"/> is not found.</param>
    public static IsnClass Classify(ReadOnlySpan<uint> numbers, ReadOnlySpan<TimeSpan> times = default)
    {
        if (numbers.Length < MinCount)
        {
            return IsnClass.Unknown;
        }

        if (!numbers.ContainsAnyExcept(numbers[0]))
        {
            return IsnClass.Constant;
        }

        bool allEqual = true;
        bool allSmall = true;
        uint divisor = 0;
        uint firstStep = unchecked(numbers[1] - numbers[0]);
        for (int i = 1; i < numbers.Length; i++)
        {
            uint step = unchecked(numbers[i] - numbers[i - 1]);
            allEqual &= step == firstStep;
            allSmall &= step is > 0 and < MaxRandomStep;

            // The shorter way round, so that a wrap does not hide the divisor.
            divisor = GreatestCommonDivisor(divisor, Math.Min(step, unchecked(0u - step)));
        }

        return allEqual ? IsnClass.FixedStep
            : divisor >= MinDivisor ? IsnClass.CommonDivisor
            : FollowsClock(numbers, times) ? IsnClass.TimeBased
            : allSmall ? IsnClass.RandomIncrements
            : IsnClass.Random;
    }

    private static bool FollowsClock(ReadOnlySpan<uint> numbers, ReadOnlySpan<TimeSpan> times)
    {
        if (times.Length != numbers.Length)
        {
            return false;
        }

        double slowest = double.MaxValue;
        double fastest = 0;
        for (int i = 1; i < numbers.Length; i++)
        {
            double seconds = (times[i] - times[i - 1]).TotalSeconds;
            uint step = unchecked(numbers[i] - numbers[i - 1]);
            if (seconds <= 0 || step == 0)
            {
                return false;
            }

            (slowest, fastest) = (Math.Min(slowest, step / seconds), Math.Max(fastest, step / seconds));
        }

        return fastest <= slowest * (1 + RateTolerance);
    }

    private static uint GreatestCommonDivisor(uint a, uint b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
