using System.Numerics;

namespace Whorl.Sources.Capture.Flows.Streams;

/// <summary>
/// One array that is given out in blocks whose sizes are powers of two: a block is halved until it fits, and joined with
/// its other half when both are free again.
/// </summary>
internal sealed class BuddyArena
{
    /// <summary>The smallest block.</summary>
    public const int UnitLength = 256;

    private const int None = -1;
    private const sbyte Taken = -1;

    private readonly int _largest;
    private readonly int[] _heads;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly sbyte[] _freeOrder;
    private byte[]? _bytes;

    /// <param name="length">Bytes in all; rounded down to whole largest blocks, at least one.</param>
    /// <param name="largestBlock">Bytes of the largest block, rounded up to a power of two.</param>
    public BuddyArena(int length, int largestBlock)
    {
        _largest = OrderOf(largestBlock);
        int units = Math.Max(1, length / (UnitLength << _largest)) << _largest;
        _heads = new int[_largest + 1];
        Array.Fill(_heads, None);
        _next = new int[units];
        _previous = new int[units];
        _freeOrder = new sbyte[units];
        Array.Fill(_freeOrder, Taken);
        for (int unit = units - (1 << _largest); unit >= 0; unit -= 1 << _largest)
        {
            Push(unit, _largest);
        }
    }

    /// <summary>Bytes given out.</summary>
    public int Used { get; private set; }

    public static int LengthOf(int order) => UnitLength << order;

    /// <summary>The smallest order that holds this many bytes.</summary>
    public static int OrderOf(int length) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(Math.Max(length, 1) + UnitLength - 1) / UnitLength));

    public Span<byte> Bytes(int unit, int order) => _bytes.AsSpan(unit * UnitLength, LengthOf(order));

    public bool TryTake(int order, out int unit)
    {
        unit = None;
        for (int have = order; have <= _largest; have++)
        {
            if (_heads[have] == None)
            {
                continue;
            }

            unit = _heads[have];
            Pull(unit, have);
            for (; have > order; have--)
            {
                Push(unit + (1 << (have - 1)), have - 1);
            }

            // Memory that was never written costs nothing; so it is taken whole.
            _bytes ??= GC.AllocateUninitializedArray<byte>(_next.Length * UnitLength);
            Used += LengthOf(order);
            return true;
        }

        return false;
    }

    public void Give(int unit, int order)
    {
        Used -= LengthOf(order);
        for (; order < _largest; order++)
        {
            int other = unit ^ (1 << order);
            if (_freeOrder[other] != order)
            {
                break;
            }

            Pull(other, order);
            unit = Math.Min(unit, other);
        }

        Push(unit, order);
    }

    private void Push(int unit, int order)
    {
        _freeOrder[unit] = (sbyte)order;
        _previous[unit] = None;
        _next[unit] = _heads[order];
        if (_next[unit] != None)
        {
            _previous[_next[unit]] = unit;
        }

        _heads[order] = unit;
    }

    private void Pull(int unit, int order)
    {
        _freeOrder[unit] = Taken;
        if (_previous[unit] != None)
        {
            _next[_previous[unit]] = _next[unit];
        }
        else
        {
            _heads[order] = _next[unit];
        }

        if (_next[unit] != None)
        {
            _previous[_next[unit]] = _previous[unit];
        }
    }
}
