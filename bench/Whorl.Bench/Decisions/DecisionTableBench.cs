using BenchmarkDotNet.Attributes;
using Whorl.Analysis.Decisions.Tables;
using Whorl.Kernel;

namespace Whorl.Bench.Decisions;

/// <summary>The decision table with a million entries: look-up under 100 ns and no allocation, in under 100 MB.</summary>
[MemoryDiagnoser]
public class DecisionTableBench
{
    private const int Entries = 1_000_000;

    // Visited in turn, so that most look-ups miss the cache as those of real clients do.
    private const int Clients = 1 << 16;

    private DecisionTable _table = DecisionTable.Empty;
    private ClientKeys[] _clients = [];
    private int _next;

    [Params("IPv4", "IPv6")]
    public string Family { get; set; } = "IPv4";

    [Params("hit", "miss")]
    public string Client { get; set; } = "hit";

    [GlobalSetup]
    public void Setup()
    {
        (_table, UInt128[] firsts) = Make(Family == "IPv4");
        Random random = new(2);
        _clients = [.. Enumerable.Range(0, Clients).Select(_ => new ClientKeys(
            new(Client == "hit" ? firsts[random.Next(firsts.Length)] : RandomAddress(random, Family == "IPv4")), null, "t13d1516h2_8daaf6152771_b186095e22b6", 64496, "DE"))];
    }

    [Benchmark]
    public bool Find()
    {
        _next = (_next + 1) & (Clients - 1);
        return _table.Find(_clients[_next], TimeProvider.System).Found;
    }

    /// <summary>Nanoseconds of processor time a look-up; unlike the clock it does not count what else the machine does.</summary>
    private double ProcessorTime()
    {
        Setup();
        for (int i = 0; i < 200_000; i++)
        {
            Find();
        }

        const int Rounds = 3_000_000;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < Rounds; i++)
        {
            Find();
        }

        return (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / Rounds;
    }

    /// <summary>Builds once and prints time and memory, which a micro-benchmark of a second's work would not show better.</summary>
    public static void Report()
    {
        foreach (bool v4 in (bool[])[true, false])
        {
            long before = GC.GetTotalMemory(forceFullCollection: true);
            long start = TimeProvider.System.GetTimestamp();
            (DecisionTable table, _) = Make(v4);
            TimeSpan built = TimeProvider.System.GetElapsedTime(start);
            long after = GC.GetTotalMemory(forceFullCollection: true);
            Decision one = new(DecisionId.New(TimeProvider.System), "bench", "bench", DecisionScope.Ip, "192.0.2.1", DecisionAction.Block, null, "", false);
            start = TimeProvider.System.GetTimestamp();
            DecisionTable changed = table;
            const int Deltas = 1000;
            for (int i = 0; i < Deltas; i++)
            {
                changed = changed.Apply([one with { Id = DecisionId.New(TimeProvider.System) }], []);
            }

            TimeSpan applied = TimeProvider.System.GetElapsedTime(start);
            start = TimeProvider.System.GetTimestamp();
            int compacted = changed.Compact(TimeProvider.System.GetUtcNow()).Count;
            Console.WriteLine(
                $"{(v4 ? "IPv4" : "IPv6")}: {table.Count} entries made and built in {built.TotalMilliseconds:F0} ms, {(after - before) / 1e6:F1} MB held; "
                + $"{Deltas} changes of one decision {applied.TotalMilliseconds / Deltas:F3} ms each; compacted to {compacted} in {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:F0} ms");
            GC.KeepAlive(table);
        }

        Console.WriteLine($"one dependent random read of 64 MB, for comparison: {RandomRead():F0} ns of processor time");
        foreach (string family in (string[])["IPv4", "IPv6"])
        {
            foreach (string client in (string[])["hit", "miss"])
            {
                Console.WriteLine($"{family} {client}: {new DecisionTableBench { Family = family, Client = client }.ProcessorTime():F0} ns of processor time a look-up");
            }
        }
    }

    // What this machine's memory costs at this moment; look-ups in a table far larger than the cache are made of two or three such reads.
    private static double RandomRead()
    {
        int[] places = new int[1 << 24];
        Random random = new(3);
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = random.Next(places.Length);
        }

        const int Reads = 3_000_000;
        int at = 0;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < Reads; i++)
        {
            at = places[at] ^ (i & 0xFFFF);
        }

        GC.KeepAlive(at);
        return (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / Reads;
    }

    private static (DecisionTable Table, UInt128[] Firsts) Make(bool v4)
    {
        Random random = new(1);
        List<DecisionItem> items = new(Entries);
        DecisionSource[] sources = [.. Enumerable.Range(0, 100).Select(i => new DecisionSource("import:list" + i, "list" + i, "on a list"))];
        for (int i = 0; i < Entries; i++)
        {
            // As lists are: mostly single IPv4 addresses, some networks; IPv6 by /64 and shorter.
            int length = v4 ? (random.Next(10) == 0 ? 96 + random.Next(16, 32) : 128) : random.Next(10) == 0 ? random.Next(32, 64) : 64;
            items.Add(new(
                new DecisionEntry { Id = Uuid7.New(TimeProvider.System), Until = i % 2 == 0 ? DecisionEntry.Never : uint.MaxValue - 1, Length = (byte)length, Action = 6, Scope = 1 },
                sources[random.Next(sources.Length)],
                Network.Of(new(RandomAddress(random, v4)), length).First.Bits,
                null));
        }

        UInt128[] firsts = [.. items.Select(item => item.First)];
        return (DecisionTable.Build(items), firsts);
    }

    private static UInt128 RandomAddress(Random random, bool v4) => v4
        ? (UInt128)0xFFFF << 32 | (uint)random.NextInt64(1L << 24, 224L << 24)
        : new UInt128(0x2000_0000_0000_0000 | (ulong)random.NextInt64(1L << 61), 0);
}
