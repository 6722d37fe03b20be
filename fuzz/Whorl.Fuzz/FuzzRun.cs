using System.Diagnostics;

namespace Whorl.Fuzz;

/// <summary>Feeds one target with mutated inputs until its time is over or it fails.</summary>
internal sealed class FuzzRun(FuzzTarget target, int seed)
{
    // A parser of 80 KiB takes milliseconds; a second on a busy machine is a hang.
    private static readonly TimeSpan MaxRunTime = TimeSpan.FromSeconds(5);

    // Lists of names cost tens of bytes per byte received; more means that a length field was believed.
    private const long MaxAllocationPerByte = 512;

    private const int MaxCorpus = 4096;

    private readonly Lock _gate = new();
    private byte[] _current = [];
    private long _startedAt;

    public long Runs { get; private set; }

    public int Corpus { get; private set; }

    /// <summary>Returns false, with the input in a file beside, where the target threw, hung or allocated without bound.</summary>
    public bool Go(TimeSpan duration, TextWriter talk)
    {
        List<byte[]> corpus = [[], .. target.Seeds()];
        Mutator mutator = new(seed);
        HashSet<int> shapes = [];
        foreach (byte[] each in corpus)
        {
            if (!TryOne(each, shapes, out _, talk))
            {
                return false;
            }
        }

        using Timer watchdog = new(_ => StopIfHung(talk), null, MaxRunTime, TimeSpan.FromSeconds(1));
        long until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < until)
        {
            byte[] input = mutator.Next(corpus);
            if (!TryOne(input, shapes, out bool isNew, talk))
            {
                return false;
            }

            if (isNew && corpus.Count < MaxCorpus)
            {
                corpus.Add(input);
            }
        }

        Corpus = corpus.Count;
        return true;
    }

    private bool TryOne(byte[] input, HashSet<int> shapes, out bool isNew, TextWriter talk)
    {
        isNew = false;
        lock (_gate)
        {
            _current = input;
            _startedAt = Stopwatch.GetTimestamp();
        }

        long allocated;
        long bound = target.MaxAllocation + (MaxAllocationPerByte * input.Length);
        try
        {
            allocated = Run(input, out int shape);
            isNew = shapes.Add(shape);

            // What is made once and kept (tables, compiled code's data) is not the input's doing.
            allocated = allocated > bound ? Run(input, out _) : allocated;
        }
#pragma warning disable CA1031 // Any exception at all is the finding.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Keep(input, $"threw {fault}", talk);
            return false;
        }

        Runs++;
        lock (_gate)
        {
            _startedAt = 0;
        }

        if (allocated <= bound)
        {
            return true;
        }

        Keep(input, $"allocated {allocated} bytes for {input.Length}", talk);
        return false;
    }

    private long Run(byte[] input, out int shape)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        shape = target.Body(input);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void StopIfHung(TextWriter talk)
    {
        lock (_gate)
        {
            if (_startedAt == 0 || Stopwatch.GetElapsedTime(_startedAt) < MaxRunTime)
            {
                return;
            }

            Keep(_current, $"ran longer than {MaxRunTime.TotalSeconds} s", talk);
        }

        // A thread that hangs cannot be taken back; the targets after it wait for the next run.
        Environment.Exit(1);
    }

    private void Keep(byte[] input, string why, TextWriter talk)
    {
        string file = $"fuzz-{target.Name}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input).AsSpan(0, 6))}.bin";
        File.WriteAllBytes(file, input);
        talk.WriteLine($"{target.Name}: {why}");
        talk.WriteLine($"{target.Name}: the input of {input.Length} bytes is in {Path.GetFullPath(file)}; replay it with --replay FILE");
    }
}
