using System.Buffers.Binary;

namespace Whorl.Fingerprints.Tcp;

/// <summary>How a host chooses its IP ids.</summary>
public enum IpIdClass
{
    /// <summary>Too few packets to tell.</summary>
    Unknown,

    /// <summary>Always zero.</summary>
    Zero,

    /// <summary>Always the same number, not zero.</summary>
    Constant,

    /// <summary>One more for each packet; some are missing where the host also talks to others.</summary>
    Incremental,

    /// <summary>The same, but counted in the byte order of the host (old Windows).</summary>
    IncrementalSwapped,

    /// <summary>Always upwards, by varying amounts.</summary>
    RandomIncrements,

    /// <summary>No pattern.</summary>
    Random,
}

/// <summary>Tells how a host chooses its IP ids from ids seen in order. Numbers wrap at 16 bits.</summary>
public static class IpIdSequence
{
    /// <summary>Ids needed before anything is said.</summary>
    public const int MinCount = 3;

    // A counter that all of a host's packets share may move this far between two packets to us.
    private const int MaxStep = 1024;

    // A quarter of the range: five steps in a row stay below it by chance once in a thousand times.
    private const int MaxRandomStep = 0x4000;
    private const int MinCountForRandomSteps = 6;

    /// <summary>Classifies ids in the order in which one host sent them.</summary>
    /// <param name="ids">The ids.</param>
    public static IpIdClass Classify(ReadOnlySpan<ushort> ids)
    {
        if (ids.Length < MinCount)
        {
            return IpIdClass.Unknown;
        }

        if (!ids.ContainsAnyExcept(ids[0]))
        {
            return ids[0] == 0 ? IpIdClass.Zero : IpIdClass.Constant;
        }

        int largest = 0;
        int largestSwapped = 0;
        int smallest = int.MaxValue;
        int smallestSwapped = int.MaxValue;
        for (int i = 1; i < ids.Length; i++)
        {
            int step = (ushort)(ids[i] - ids[i - 1]);
            int swapped = (ushort)(BinaryPrimitives.ReverseEndianness(ids[i]) - BinaryPrimitives.ReverseEndianness(ids[i - 1]));
            (smallest, largest) = (Math.Min(smallest, step), Math.Max(largest, step));
            (smallestSwapped, largestSwapped) = (Math.Min(smallestSwapped, swapped), Math.Max(largestSwapped, swapped));
        }

        // Steps of 256 one way are steps of 1 the other way; the smaller reading is the counter.
        bool counts = smallest > 0 && largest <= MaxStep;
        bool countsSwapped = smallestSwapped > 0 && largestSwapped <= MaxStep;
        return counts && (!countsSwapped || largest <= largestSwapped) ? IpIdClass.Incremental
            : countsSwapped ? IpIdClass.IncrementalSwapped
            : ids.Length >= MinCountForRandomSteps && smallest > 0 && largest < MaxRandomStep ? IpIdClass.RandomIncrements
            : IpIdClass.Random;
    }
}
