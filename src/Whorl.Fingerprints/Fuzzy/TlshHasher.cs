using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// The streaming form of <see cref="Tlsh"/>: feed a document in pieces of any size, then read its digest.
/// Memory is fixed (about 1 KB) whatever the length. One instance serves one thread at a time.
/// </summary>
/// <remarks>
/// A window of five bytes names six buckets, each by three steps of Pearson's permutation T over a salt and three of the bytes:
/// T[T[T[T[salt] ^ a] ^ b] ^ c]. The first step depends on the newest byte alone and is a table; the last one permutes
/// the buckets and is left to the end: what is counted here is the value before it.
/// </remarks>
public sealed class TlshHasher
{
    /// <summary>The longest input, in bytes, that has a digest: the end of the last length class of the reference.</summary>
    public static readonly long MaxLength = TlshLengths.Longest;

    /// <summary>The shortest input, in bytes, that can have a digest.</summary>
    public const int MinLength = 50;

    internal const int Buckets = 128;

    private const int Values = 256;
    private const int History = 4;
    private const int Block = 64;
    private const int Lanes = 8;
    private const int ChecksumLane = 6;
    private const byte None = 0xFF;

    // The bytes of a window, newest first, that the second and the third step of each lane take (distance back from the newest).
    // Lanes: salts 2, 3, 5, 7, 11, 13, and 0 for the checksum, whose third step takes the checksum itself.
    private static ReadOnlySpan<byte> Salts => [2, 3, 5, 7, 11, 13, 0];

    private static readonly ulong[] FirstStep = MakeFirstStep();

    private readonly uint[] _counts = new uint[Values];
    private readonly byte[] _recent = new byte[History];
    private byte _checksum;
    private long _length;

    /// <summary>Forgets everything, for another document.</summary>
    public void Reset()
    {
        Array.Clear(_counts);
        Array.Clear(_recent);
        _checksum = 0;
        _length = 0;
    }

    /// <summary>Adds the next bytes of the document.</summary>
    /// <param name="data">The bytes; any number of them.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        // The first windows reach back into the call before; from the fifth byte on they lie inside data.
        int known = (int)Math.Min(_length, History);
        int head = Math.Min(History, data.Length);
        Span<byte> seam = stackalloc byte[2 * History];
        _recent.AsSpan(History - known).CopyTo(seam);
        data[..head].CopyTo(seam[known..]);
        CountOneByOne(seam[..(known + head)]);
        CountMany(data);

        _length += data.Length;
        if (data.Length >= History)
        {
            data[^History..].CopyTo(_recent);
        }
        else
        {
            _recent.AsSpan(data.Length).CopyTo(_recent);
            data.CopyTo(_recent.AsSpan(History - data.Length));
        }
    }

    /// <summary>
    /// The digest (<c>T1</c> and 70 hex digits, upper case) of what was appended so far; more may be appended afterwards.
    /// Empty text where there is none: fewer than <see cref="MinLength"/> or more than <see cref="MaxLength"/> bytes,
    /// or too little variety (half of the buckets, or more, empty).
    /// </summary>
    public string Digest()
    {
        if (_length < MinLength || _length > MaxLength)
        {
            return string.Empty;
        }

        Span<uint> buckets = stackalloc uint[Values];
        for (int i = 0; i < Values; i++)
        {
            buckets[Pearson.Table[i]] = _counts[i];
        }

        return TlshDigest.TryMake(buckets[..Buckets], _checksum, (uint)_length, out TlshDigest digest) ? digest.ToString() : string.Empty;
    }

    private static ulong[] MakeFirstStep()
    {
        ulong[] table = new ulong[Values];
        for (int a = 0; a < Values; a++)
        {
            for (int lane = 0; lane < Salts.Length; lane++)
            {
                table[a] |= (ulong)Pearson.Table[Pearson.Table[Salts[lane]] ^ a] << (8 * lane);
            }
        }

        return table;
    }

    private void CountOneByOne(ReadOnlySpan<byte> bytes)
    {
        Span<uint> counts = _counts.AsSpan(0, Values);
        ReadOnlySpan<byte> t = Pearson.Table;
        byte checksum = _checksum;
        for (int i = 0; i < bytes.Length - History; i++)
        {
            ReadOnlySpan<byte> w = bytes.Slice(i, History + 1);
            ulong first = FirstStep[w[4]];
            counts[(byte)(t[(byte)first ^ w[3]] ^ w[2])]++;
            counts[(byte)(t[(byte)(first >> 8) ^ w[3]] ^ w[1])]++;
            counts[(byte)(t[(byte)(first >> 16) ^ w[2]] ^ w[1])]++;
            counts[(byte)(t[(byte)(first >> 24) ^ w[2]] ^ w[0])]++;
            counts[(byte)(t[(byte)(first >> 32) ^ w[3]] ^ w[0])]++;
            counts[(byte)(t[(byte)(first >> 40) ^ w[1]] ^ w[0])]++;
            checksum = t[t[(byte)(first >> 48) ^ w[3]] ^ checksum];
        }

        _checksum = checksum;
    }

    private void CountMany(ReadOnlySpan<byte> bytes)
    {
        // A block looks at up to eight bytes from its last window's first one, hence the margin.
        if (Avx2.IsSupported)
        {
            Span<byte> values = stackalloc byte[Block * Lanes];
            while (bytes.Length >= Block + Lanes)
            {
                ComputeBlock(bytes[..(Block + Lanes)], values);
                CountBlock(values);
                bytes = bytes[Block..];
            }
        }

        CountOneByOne(bytes);
    }

    /// <summary>The values of 64 windows, eight bytes each, four windows at a time.</summary>
    private static void ComputeBlock(ReadOnlySpan<byte> bytes, Span<byte> values)
    {
        // For window k of four: which of the eight bytes from the oldest on each lane takes in its second and third step.
        Vector256<byte> second = Vector256.Create(
            3, 3, 2, 2, 3, 1, 3, None, 4, 4, 3, 3, 4, 2, 4, None,
            5, 5, 4, 4, 5, 3, 5, None, 6, 6, 5, 5, 6, 4, 6, None);
        Vector256<byte> third = Vector256.Create(
            2, 1, 1, 0, 0, 0, None, None, 3, 2, 2, 1, 1, 1, None, None,
            4, 3, 3, 2, 2, 2, None, None, 5, 4, 4, 3, 3, 3, None, None);
        ReadOnlySpan<ulong> firstStep = FirstStep.AsSpan(0, Values);
        for (int i = 0; i < Block; i += 4)
        {
            ReadOnlySpan<byte> w = bytes.Slice(i, Lanes);
            Vector256<byte> window = Vector256.Create(MemoryMarshal.Read<ulong>(w)).AsByte();
            Vector256<byte> first = Vector256.Create(firstStep[w[4]], firstStep[w[5]], firstStep[w[6]], firstStep[w[7]]).AsByte();
            Vector256<byte> looked = Pearson.Lookup(first ^ Avx2.Shuffle(window, second));
            (looked ^ Avx2.Shuffle(window, third)).CopyTo(values.Slice(i * Lanes, 4 * Lanes));
        }
    }

    private void CountBlock(ReadOnlySpan<byte> values)
    {
        Span<uint> counts = _counts.AsSpan(0, Values);
        ReadOnlySpan<byte> t = Pearson.Table;
        byte checksum = _checksum;
        for (int i = 0; i < Block * Lanes; i += Lanes)
        {
            ReadOnlySpan<byte> v = values.Slice(i, Lanes);
            checksum = t[v[ChecksumLane] ^ checksum];
            counts[v[0]]++;
            counts[v[1]]++;
            counts[v[2]]++;
            counts[v[3]]++;
            counts[v[4]]++;
            counts[v[5]]++;
        }

        _checksum = checksum;
    }
}
