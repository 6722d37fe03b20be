using System.Runtime.CompilerServices;

namespace Whorl.Sources.Capture.Flows.Tables;

/// <summary>
/// A bounded hash table over arrays: open addressing with numbers, entries side by side in one array, and lists through
/// them ordered by use. Grows by doubling up to its capacity; a reference to a value is good until the next <see cref="Add"/>.
/// </summary>
/// <param name="capacity">Entries at most.</param>
/// <param name="lists">How many lists there are; an entry is in exactly one.</param>
internal sealed class LruTable<TKey, TValue>(int capacity, int lists)
    where TKey : struct, ITableKey<TKey>
    where TValue : struct
{
    public const int None = -1;

    private const int FirstSize = 256;

    private readonly int[] _first = Filled(lists);
    private readonly int[] _last = Filled(lists);
    private Slot[] _slots = new Slot[2 * FirstSize];
    private Entry[] _entries = new Entry[Math.Min(FirstSize, capacity)];
    private int _used;
    private int _free = None;
    private uint _added;

    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    public ref TValue this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _entries[index].Value;
    }

    public ref readonly TKey KeyAt(int index) => ref _entries[index].Key;

    /// <summary>The entry of a list that was used least recently; <see cref="None"/> where the list is empty.</summary>
    public int Oldest(int list) => _last[list];

    public int ListOf(int index) => _entries[index].List;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(in TKey key, uint hash)
    {
        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        for (int at = (int)hash & mask; ; at = (at + 1) & mask)
        {
            Slot slot = slots[at];
            if (slot.Place == 0)
            {
                return None;
            }

            if (slot.Hash == hash && _entries[slot.Place - 1].Key.Equals(key))
            {
                return slot.Place - 1;
            }
        }
    }

    /// <summary>Adds a key that is not there, to the front of a list; the table must not be full.</summary>
    public int Add(in TKey key, uint hash, int list)
    {
        int index = _free;
        if (index != None)
        {
            _free = _entries[index].Next;
        }
        else
        {
            if (_used == _entries.Length)
            {
                Grow();
            }

            index = _used++;
        }

        ref Entry entry = ref _entries[index];
        entry.Key = key;
        entry.Hash = hash;
        entry.Value = default;
        Place(hash, index);
        Count++;
        _added++;
        Link(index, list);
        return index;
    }

    /// <summary>
    /// Notes a use. To save writes an entry moves to the front only when enough others were added since it last did;
    /// so the order is by use give or take an eighth of the table.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Touch(int index)
    {
        if (_added - _entries[index].Stamp > (uint)_entries.Length / 8)
        {
            Move(index, _entries[index].List);
        }
    }

    /// <summary>Puts an entry to the front of a list.</summary>
    public void Move(int index, int list)
    {
        Unlink(index);
        Link(index, list);
    }

    public void Remove(int index)
    {
        Unlink(index);
        Displace(index);
        ref Entry entry = ref _entries[index];
        entry.Value = default;
        entry.Next = _free;
        _free = index;
        Count--;
    }

    private static int[] Filled(int count)
    {
        int[] filled = new int[count];
        Array.Fill(filled, None);
        return filled;
    }

    private void Link(int index, int list)
    {
        ref Entry entry = ref _entries[index];
        entry.List = (byte)list;
        entry.Stamp = _added;
        entry.Previous = None;
        entry.Next = _first[list];
        if (entry.Next != None)
        {
            _entries[entry.Next].Previous = index;
        }
        else
        {
            _last[list] = index;
        }

        _first[list] = index;
    }

    private void Unlink(int index)
    {
        ref Entry entry = ref _entries[index];
        if (entry.Previous != None)
        {
            _entries[entry.Previous].Next = entry.Next;
        }
        else
        {
            _first[entry.List] = entry.Next;
        }

        if (entry.Next != None)
        {
            _entries[entry.Next].Previous = entry.Previous;
        }
        else
        {
            _last[entry.List] = entry.Previous;
        }
    }

    private void Place(uint hash, int index)
    {
        int mask = _slots.Length - 1;
        int at = (int)hash & mask;
        while (_slots[at].Place != 0)
        {
            at = (at + 1) & mask;
        }

        _slots[at] = new Slot { Hash = hash, Place = index + 1 };
    }

    // Takes a slot out and moves those behind it up, so that no search ends too early.
    private void Displace(int index)
    {
        int mask = _slots.Length - 1;
        int hole = (int)_entries[index].Hash & mask;
        while (_slots[hole].Place != index + 1)
        {
            hole = (hole + 1) & mask;
        }

        for (int at = (hole + 1) & mask; _slots[at].Place != 0; at = (at + 1) & mask)
        {
            int home = (int)_slots[at].Hash & mask;
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                _slots[hole] = _slots[at];
                hole = at;
            }
        }

        _slots[hole] = default;
    }

    private void Grow()
    {
        Array.Resize(ref _entries, Math.Min(capacity, 2 * _entries.Length));
        int wanted = 2 * _entries.Length;
        if (_slots.Length >= wanted)
        {
            return;
        }

        _slots = new Slot[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)wanted)];
        for (int i = 0; i < _used; i++)
        {
            Place(_entries[i].Hash, i);
        }
    }

    private struct Slot
    {
        public uint Hash;
        public int Place;
    }

    private struct Entry
    {
        public TKey Key;
        public uint Hash;
        public uint Stamp;
        public int Previous;
        public int Next;
        public byte List;
        public TValue Value;
    }
}
