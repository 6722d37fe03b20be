namespace Whorl.Fuzz;

/// <summary>One parser under fuzz. The body must take any bytes; what it returns tells paths through the parser apart.</summary>
internal sealed class FuzzTarget(string name, Func<ReadOnlySpan<byte>, int> body, Func<IEnumerable<byte[]>> seeds)
{
    public string Name { get; } = name;

    /// <summary>Runs once; an input that gives a number not seen before joins the corpus.</summary>
    public Func<ReadOnlySpan<byte>, int> Body { get; } = body;

    /// <summary>Bytes one run may allocate whatever its input's length; beyond it, a length field was believed.</summary>
    public long MaxAllocation { get; init; } = 256 * 1024;

    public Func<IEnumerable<byte[]>> Seeds { get; } = seeds;
}
