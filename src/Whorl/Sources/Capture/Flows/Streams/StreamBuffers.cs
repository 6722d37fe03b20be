using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Streams;

/// <summary>
/// Bytes of streams that wait for what comes before or after them. Where segments overlap, the bytes that came first stay.
/// All buffers together are bounded: when there is no room, the one that was quiet for longest is taken away, which its
/// owner finds out when it asks for it.
/// </summary>
/// <param name="streamBytes">Bytes of one stream at most.</param>
/// <param name="allBytes">Bytes of all of them.</param>
internal sealed class StreamBuffers(int streamBytes, int allBytes)
{
    // How far a segment may be ahead of what is missing: the first window of a sender is ten segments (RFC 6928). More would
    // let a single byte far ahead take the room of hundreds of hellos.
    private const int MaxAhead = 16 * 1024;

    private readonly BuddyArena _arena = new(allBytes, streamBytes);
    private readonly LruTable<StreamKey, Held> _held = new(Math.Max(1, allBytes / BuddyArena.UnitLength), 1);

    /// <summary>Bytes taken.</summary>
    public int Used => _arena.Used;

    /// <summary>Buffers that were taken away from their streams.</summary>
    public long Reclaimed { get; private set; }

    public bool Has(int stream) => Find(stream) != LruTable<StreamKey, Held>.None;

    /// <summary>The bytes from the start of the buffer up to its first gap.</summary>
    public ReadOnlySpan<byte> Contiguous(int stream)
    {
        int index = Find(stream);
        if (index < 0)
        {
            return default;
        }

        ref Held held = ref _held[index];
        return _arena.Bytes(held.Unit, held.Order)[..held.Contiguous];
    }

    /// <summary>Keeps bytes at an offset from the start of the buffer; false where that would be more than a stream may hold.</summary>
    public bool TryHold(int stream, int offset, ReadOnlySpan<byte> bytes)
    {
        int end = offset + bytes.Length;
        if (end > streamBytes)
        {
            return false;
        }

        int index = Find(stream);
        if (offset > (index < 0 ? 0 : _held[index].Contiguous) + MaxAhead)
        {
            return false;
        }

        if (index < 0)
        {
            if (!TryTake(end, stream, out int unit, out int order))
            {
                return false;
            }

            index = _held.Add(new StreamKey(stream), new StreamKey(stream).Hash(), 0);
            _held[index] = new Held { Unit = unit, Order = (byte)order, Map = LruTable<StreamKey, Held>.None };
        }
        else
        {
            _held.Touch(index);
            if (end > BuddyArena.LengthOf(_held[index].Order) && !TryGrow(index, stream, end))
            {
                return false;
            }
        }

        ref Held held = ref _held[index];
        if (held.Map < 0 && offset <= held.Contiguous)
        {
            // In order, perhaps with bytes that are there already.
            int known = held.Contiguous - offset;
            if (known < bytes.Length)
            {
                bytes[known..].CopyTo(_arena.Bytes(held.Unit, held.Order)[held.Contiguous..]);
                held.Contiguous = held.End = end;
            }

            return true;
        }

        return (held.Map >= 0 || TryMap(index, stream)) && Insert(ref _held[index], offset, bytes);
    }

    /// <summary>Forgets the first bytes of a buffer, and the buffer when nothing is left in it.</summary>
    public void Slide(int stream, int count)
    {
        int index = Find(stream);
        if (index < 0 || count == 0)
        {
            return;
        }

        ref Held held = ref _held[index];
        if (count >= held.End)
        {
            Remove(index);
            return;
        }

        Span<byte> bytes = _arena.Bytes(held.Unit, held.Order);
        bytes[count..held.End].CopyTo(bytes);
        if (held.Map >= 0)
        {
            ShiftMap(ref held, count);
        }

        held.End -= count;
        held.Contiguous = Math.Max(0, held.Contiguous - count);
        Advance(ref held);
    }

    /// <summary>Where the bytes behind the first gap begin; 0 where there is no gap.</summary>
    public int BehindGap(int stream)
    {
        int index = Find(stream);
        if (index < 0 || _held[index].Map < 0)
        {
            return 0;
        }

        ref Held held = ref _held[index];
        ReadOnlySpan<byte> map = _arena.Bytes(held.Map, held.MapOrder);
        for (int at = held.Contiguous; at < held.End; at++)
        {
            if (IsSet(map, at))
            {
                return at;
            }
        }

        return 0;
    }

    public void Drop(int stream)
    {
        int index = Find(stream);
        if (index >= 0)
        {
            Remove(index);
        }
    }

    private int Find(int stream)
    {
        StreamKey key = new(stream);
        return _held.Find(key, key.Hash());
    }

    private void Remove(int index)
    {
        ref Held held = ref _held[index];
        _arena.Give(held.Unit, held.Order);
        if (held.Map >= 0)
        {
            _arena.Give(held.Map, held.MapOrder);
        }

        _held.Remove(index);
    }

    // Makes room by taking from others, never from the stream that asks.
    private bool TryTake(int length, int forStream, out int unit, out int order)
    {
        order = BuddyArena.OrderOf(length);
        while (_held.IsFull || !_arena.TryTake(order, out unit))
        {
            int oldest = _held.Oldest(0);
            if (oldest < 0 || _held.KeyAt(oldest).Number == forStream)
            {
                unit = 0;
                return false;
            }

            Remove(oldest);
            Reclaimed++;
        }

        return true;
    }

    private bool TryGrow(int index, int stream, int length)
    {
        _held.Move(index, 0);
        if (!TryTake(length, stream, out int unit, out int order))
        {
            return false;
        }

        ref Held held = ref _held[index];
        if (held.Map >= 0)
        {
            if (!TryTake(BuddyArena.LengthOf(order) / 8, stream, out int map, out int mapOrder))
            {
                _arena.Give(unit, order);
                return false;
            }

            Span<byte> wider = _arena.Bytes(map, mapOrder);
            wider.Clear();
            Span<byte> narrow = _arena.Bytes(held.Map, held.MapOrder);
            narrow[..Math.Min(narrow.Length, wider.Length)].CopyTo(wider);
            _arena.Give(held.Map, held.MapOrder);
            (held.Map, held.MapOrder) = (map, (byte)mapOrder);
        }

        _arena.Bytes(held.Unit, held.Order)[..held.End].CopyTo(_arena.Bytes(unit, order));
        _arena.Give(held.Unit, held.Order);
        (held.Unit, held.Order) = (unit, (byte)order);
        return true;
    }

    // One bit for every byte: which are there.
    private bool TryMap(int index, int stream)
    {
        _held.Move(index, 0);
        if (!TryTake(Math.Max(1, BuddyArena.LengthOf(_held[index].Order) / 8), stream, out int map, out int order))
        {
            return false;
        }

        ref Held held = ref _held[index];
        (held.Map, held.MapOrder) = (map, (byte)order);
        Span<byte> bits = _arena.Bytes(map, order);
        bits.Clear();
        for (int at = 0; at < held.Contiguous; at++)
        {
            Set(bits, at);
        }

        return true;
    }

    private bool Insert(ref Held held, int offset, ReadOnlySpan<byte> bytes)
    {
        Span<byte> target = _arena.Bytes(held.Unit, held.Order);
        Span<byte> map = _arena.Bytes(held.Map, held.MapOrder);
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!IsSet(map, offset + i))
            {
                target[offset + i] = bytes[i];
                Set(map, offset + i);
            }
        }

        held.End = Math.Max(held.End, offset + bytes.Length);
        Advance(ref held);
        return true;
    }

    private void Advance(ref Held held)
    {
        if (held.Map < 0)
        {
            return;
        }

        ReadOnlySpan<byte> map = _arena.Bytes(held.Map, held.MapOrder);
        while (held.Contiguous < held.End && IsSet(map, held.Contiguous))
        {
            held.Contiguous++;
        }

        if (held.Contiguous == held.End)
        {
            _arena.Give(held.Map, held.MapOrder);
            held.Map = LruTable<StreamKey, Held>.None;
        }
    }

    private void ShiftMap(ref Held held, int count)
    {
        Span<byte> map = _arena.Bytes(held.Map, held.MapOrder);
        for (int at = 0; at < held.End; at++)
        {
            if (at + count < held.End && IsSet(map, at + count))
            {
                Set(map, at);
            }
            else
            {
                map[at >> 3] &= (byte)~(1 << (at & 7));
            }
        }
    }

    private static bool IsSet(ReadOnlySpan<byte> map, int at) => (map[at >> 3] & (1 << (at & 7))) != 0;

    private static void Set(Span<byte> map, int at) => map[at >> 3] |= (byte)(1 << (at & 7));

    private struct Held
    {
        public int Unit;
        public int Map;
        public int Contiguous;
        public int End;
        public byte Order;
        public byte MapOrder;
    }
}

/// <summary>One direction of a conversation: twice the conversation's place, and one for the way back.</summary>
internal readonly struct StreamKey(int number) : ITableKey<StreamKey>
{
    public int Number { get; } = number;

    public uint Hash() => (uint)Number * 0x9E37_79B1u;

    public bool Equals(StreamKey other) => Number == other.Number;

    public override bool Equals(object? obj) => obj is StreamKey other && Equals(other);

    public override int GetHashCode() => Number;
}
