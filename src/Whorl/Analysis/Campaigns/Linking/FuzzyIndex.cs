using System.Runtime.InteropServices;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>Finds the values of one kind that are alike without comparing all of them: only those that share buckets are compared.</summary>
internal interface IFuzzyIndex
{
    /// <summary>How many pairs of values were compared: what the index costs.</summary>
    long Comparisons { get; }

    /// <summary>Adds a value under a number; false where the text is none of this kind. <paramref name="disturbed"/> gets the numbers whose neighbours may be others now.</summary>
    bool TryAdd(int number, string value, ICollection<int> disturbed);

    void Remove(int number, ICollection<int> disturbed);

    /// <summary>Those that are alike, with how much: above 0, up to 1.</summary>
    IReadOnlyList<KeyValuePair<int, float>> Near(int number);
}

/// <summary>The part that all methods share.</summary>
internal abstract class FuzzyIndex<T>(int pages) : IFuzzyIndex
{
    private readonly BucketTable _buckets = new(pages);
    private readonly Dictionary<int, T> _values = [];
    private readonly List<uint> _keys = [];
    private readonly List<int> _found = [];

    // How many buckets each number shares with the value that is looked at; a value lies in fewer than 256.
    private byte[] _shared = new byte[1024];

    public long Comparisons { get; private set; }

    /// <summary>Values that share fewer buckets are not compared.</summary>
    protected virtual int LeastShared => 1;

    public bool TryAdd(int number, string value, ICollection<int> disturbed)
    {
        if (!TryRead(value, out T? read))
        {
            return false;
        }

        _values.Add(number, read);
        if (number >= _shared.Length)
        {
            Array.Resize(ref _shared, Math.Max(number + 1, _shared.Length * 2));
        }

        foreach (uint key in KeysOf(read))
        {
            if (_buckets.Add(key, number))
            {
                Disturb(key, disturbed);
            }
        }

        return true;
    }

    public void Remove(int number, ICollection<int> disturbed)
    {
        if (!_values.Remove(number, out T? value))
        {
            return;
        }

        foreach (uint key in KeysOf(value))
        {
            if (_buckets.Remove(key, number))
            {
                Disturb(key, disturbed);
            }
        }
    }

    public IReadOnlyList<KeyValuePair<int, float>> Near(int number)
    {
        if (!_values.TryGetValue(number, out T? value))
        {
            return [];
        }

        _found.Clear();
        _keys.Clear();
        Probes(value, _keys);
        foreach (uint key in CollectionsMarshal.AsSpan(_keys))
        {
            _buckets.Collect(key, _found);
        }

        List<KeyValuePair<int, float>> near = [];
        foreach (int other in _found)
        {
            if (++_shared[other] == LeastShared && other != number)
            {
                Comparisons++;
                float closeness = Closeness(value, _values[other]);
                if (closeness > 0)
                {
                    near.Add(new(other, closeness));
                }
            }
        }

        foreach (int other in _found)
        {
            _shared[other] = 0;
        }

        return near;
    }

    protected abstract bool TryRead(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? value);

    /// <summary>The buckets that a value lies in; each once.</summary>
    protected abstract void Keys(T value, List<uint> keys);

    /// <summary>The buckets that those alike may lie in.</summary>
    protected virtual void Probes(T value, List<uint> keys) => Keys(value, keys);

    /// <summary>The same in either order.</summary>
    protected abstract float Closeness(T one, T other);

    protected bool IsFull(uint key) => _buckets.IsFull(key);

    private List<uint> KeysOf(T value)
    {
        _keys.Clear();
        Keys(value, _keys);
        return _keys;
    }

    private void Disturb(uint key, ICollection<int> disturbed)
    {
        _found.Clear();
        _buckets.CollectAll(key, _found);
        _found.ForEach(disturbed.Add);
    }
}

/// <summary>Makes the index of a kind.</summary>
internal static class FuzzyIndexes
{
    public static IFuzzyIndex? For(FeatureMatch match) => match switch
    {
        FeatureMatch.Ssdeep => new SsdeepIndex(),
        FeatureMatch.Tlsh => new TlshIndex(),
        FeatureMatch.Hamming => new HammingIndex(),
        _ => null,
    };
}
