namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>
/// Buckets of numbers, by key: those that share a bucket may be alike. A bucket with more than <see cref="MaxBucket"/> is common ground that tells nothing, and is
/// passed over until it has shrunk. Keys have a page and 16 bits; a page takes memory when its first key is used.
/// </summary>
internal sealed class BucketTable(int pages)
{
    /// <summary>Half of what makes a feature too common to speak: what so many share in one place they share in others too.</summary>
    public const int MaxBucket = LinkWeights.MaxShown / 2;

    private const int PageBits = 16;

    private readonly int[]?[] _heads = new int[pages][];
    private readonly int[]?[] _counts = new int[pages][];
    private int[] _next = new int[1024];
    private int[] _items = new int[1024];
    private int _used = 1; // Place 0 is the end of every list.
    private int _free;

    /// <summary>Adds, and says whether the bucket has just become too full to tell anything.</summary>
    public bool Add(uint key, int item)
    {
        uint page = key >> PageBits, at = key & 0xFFFF;
        int[] heads = _heads[page] ??= new int[1 << PageBits];
        int[] counts = _counts[page] ??= new int[1 << PageBits];
        int node = _free;
        if (node != 0)
        {
            _free = _next[node];
        }
        else
        {
            node = _used++;
            if (node == _next.Length)
            {
                Array.Resize(ref _next, node * 2);
                Array.Resize(ref _items, node * 2);
            }
        }

        (_items[node], _next[node], heads[at]) = (item, heads[at], node);
        return ++counts[at] == MaxBucket + 1;
    }

    /// <summary>Removes, and says whether the bucket has just become small enough to tell something.</summary>
    public bool Remove(uint key, int item)
    {
        uint page = key >> PageBits, at = key & 0xFFFF;
        int[] heads = _heads[page]!;
        int before = 0;
        for (int node = heads[at]; node != 0; before = node, node = _next[node])
        {
            if (_items[node] != item)
            {
                continue;
            }

            if (before == 0)
            {
                heads[at] = _next[node];
            }
            else
            {
                _next[before] = _next[node];
            }

            (_next[node], _free) = (_free, node);
            return --_counts[page]![at] == MaxBucket;
        }

        return false;
    }

    public bool IsFull(uint key) => _counts[key >> PageBits] is { } counts && counts[key & 0xFFFF] > MaxBucket;

    /// <summary>Adds what is in a bucket, unless it is too full.</summary>
    public void Collect(uint key, List<int> found)
    {
        if (!IsFull(key))
        {
            CollectAll(key, found);
        }
    }

    /// <summary>Adds what is in a bucket, however full.</summary>
    public void CollectAll(uint key, List<int> found)
    {
        if (_heads[key >> PageBits] is not { } heads)
        {
            return;
        }

        for (int node = heads[key & 0xFFFF]; node != 0; node = _next[node])
        {
            found.Add(_items[node]);
        }
    }
}
