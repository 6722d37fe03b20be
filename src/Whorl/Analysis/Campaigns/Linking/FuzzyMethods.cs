using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using Whorl.Fingerprints.Fuzzy;

namespace Whorl.Analysis.Campaigns.Linking;

/// <summary>
/// ssdeep digests, by the runs of seven characters in their parts, without which there is no score. Of each part the runs with the smallest hashes stand for
/// all: two parts that have many runs in common have some of those in common. A key knows the block size of its part, so that only digests that can be
/// compared meet.
/// </summary>
internal sealed class SsdeepIndex() : FuzzyIndex<string>(1 << (KeyBits - 16))
{
    /// <summary>Scores below this are no likeness.</summary>
    public const int LeastScore = 50;

    private const int KeyBits = 22;
    private const int Run = 7;
    private const int RunsOfAPart = 12;

    // As libfuzzy allows, after which a text is no digest.
    private const int MaxLength = 148;

    /// <summary>0 below the least score; then 0.55 to 1.</summary>
    public static float ClosenessOf(int score) => score < LeastScore ? 0 : 0.55f + (0.45f * (score - LeastScore) / (100 - LeastScore));

    protected override bool TryRead(string text, [NotNullWhen(true)] out string? value)
    {
        value = text;
        return text.Length <= MaxLength && Ssdeep.Compare(text, text) >= 0 && TryParts(text, out _, out _, out _);
    }

    protected override void Keys(string value, List<uint> keys)
    {
        TryParts(value, out uint block, out ReadOnlySpan<char> first, out ReadOnlySpan<char> second);
        AddRuns(block, first, keys);
        AddRuns(block * 2, second, keys);
    }

    protected override float Closeness(string one, string other) => ClosenessOf(Ssdeep.Compare(one, other));

    private static bool TryParts(string digest, out uint block, out ReadOnlySpan<char> first, out ReadOnlySpan<char> second)
    {
        ReadOnlySpan<char> text = digest;
        int colon = text.IndexOf(':');
        int next = colon < 0 ? -1 : text[(colon + 1)..].IndexOf(':');
        block = 0;
        first = next < 0 ? default : text.Slice(colon + 1, next);
        second = next < 0 ? default : text[(colon + next + 2)..];
        return next >= 0 && uint.TryParse(text[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out block);
    }

    private static void AddRuns(uint block, ReadOnlySpan<char> part, List<uint> keys)
    {
        Span<uint> smallest = stackalloc uint[RunsOfAPart];
        int count = 0;
        Span<char> room = stackalloc char[part.Length];
        ReadOnlySpan<char> shortened = room[..Shorten(part, room)];
        for (int at = 0; at + Run <= shortened.Length; at++)
        {
            ulong hash = block * 0x9E3779B97F4A7C15UL;
            foreach (char c in shortened.Slice(at, Run))
            {
                hash = (hash ^ c) * 0x00000100000001B3UL;
            }

            hash ^= hash >> 29;
            uint key = (uint)((hash * 0xBF58476D1CE4E5B9UL) >> (64 - KeyBits));
            if (smallest[..count].Contains(key))
            {
                continue;
            }

            // Sorted by insertion: twelve places.
            int place = count < RunsOfAPart ? count++ : key < smallest[^1] ? RunsOfAPart - 1 : -1;
            for (; place > 0 && smallest[place - 1] > key; place--)
            {
                smallest[place] = smallest[place - 1];
            }

            if (place >= 0)
            {
                smallest[place] = key;
            }
        }

        foreach (uint key in smallest[..count])
        {
            if (!keys.Contains(key))
            {
                keys.Add(key);
            }
        }
    }

    // As the comparison does: a run of one character says no more than three of them.
    private static int Shorten(ReadOnlySpan<char> part, Span<char> shortened)
    {
        int length = 0;
        foreach (char c in part)
        {
            if (length < 3 || shortened[length - 1] != c || shortened[length - 2] != c || shortened[length - 3] != c)
            {
                shortened[length++] = c;
            }
        }

        return length;
    }
}

/// <summary>
/// TLSH digests, by each two neighbouring bytes of their code: of digests up to a distance of 30, 98 in 100 share two of the 31 pairs or more. One pair alone is
/// chance: markup that many pages have fills some buckets, and those who meet there grow with all there are.
/// </summary>
internal sealed class TlshIndex() : FuzzyIndex<TlshIndex.Digest>(Bands)
{
    /// <summary>Distances above this are no likeness.</summary>
    public const int MostDistance = 60;

    private const int Bands = 31;
    private const int CodeAt = 8; // In the text: T1, checksum, length, ratios, then the code.

    protected override int LeastShared => 2;

    /// <summary>1 for distance 0, falling to 0.55; 0 beyond.</summary>
    public static float ClosenessOf(int distance) => distance is < 0 or > MostDistance ? 0 : 1 - (0.0075f * distance);

    protected override bool TryRead(string text, [NotNullWhen(true)] out Digest? value)
    {
        value = null;
        if (!TlshDigest.TryParse(text, out TlshDigest digest))
        {
            return false;
        }

        value = new(digest, Convert.FromHexString(digest.ToString().AsSpan(CodeAt)));
        return true;
    }

    protected override void Keys(Digest value, List<uint> keys)
    {
        for (int band = 0; band < Bands; band++)
        {
            keys.Add(((uint)band << 16) | BinaryPrimitives.ReadUInt16BigEndian(value.Code.AsSpan(band)));
        }
    }

    protected override float Closeness(Digest one, Digest other) => ClosenessOf(one.Value.DistanceTo(other.Value));

    internal sealed record Digest(TlshDigest Value, byte[] Code);
}

/// <summary>64 bits, by their four quarters: of values that differ in up to seven bits some quarter differs in one at most.</summary>
internal sealed class HammingIndex() : FuzzyIndex<ulong>(Parts)
{
    /// <summary>More differing bits are no likeness.</summary>
    public const int MostBits = 7;

    private const int Parts = 4;
    private const int PartBits = 16;

    /// <summary>1 for equal, 0.65 for the most bits; 0 beyond.</summary>
    public static float ClosenessOf(int bits) => bits > MostBits ? 0 : 1 - (0.05f * bits);

    protected override bool TryRead(string text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && text.Length == 16;

    protected override void Keys(ulong value, List<uint> keys)
    {
        for (int part = 0; part < Parts; part++)
        {
            keys.Add(Key(value, part));
        }
    }

    protected override void Probes(ulong value, List<uint> keys)
    {
        for (int part = 0; part < Parts; part++)
        {
            uint key = Key(value, part);
            if (IsFull(key))
            {
                // Else one of two would find the other and not be found by it.
                continue;
            }

            keys.Add(key);
            for (int bit = 0; bit < PartBits; bit++)
            {
                keys.Add(key ^ (1u << bit));
            }
        }
    }

    protected override float Closeness(ulong one, ulong other) => ClosenessOf(BitOperations.PopCount(one ^ other));

    private static uint Key(ulong value, int part) => ((uint)part << PartBits) | (ushort)(value >> (part * PartBits));
}
