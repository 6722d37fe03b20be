using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Whorl.Fingerprints.Fuzzy;

/// <summary>
/// The streaming form of <see cref="Ssdeep"/>: feed a document in pieces of any size, then read its digest.
/// Memory is fixed (about 2.3 KB) whatever the length. One instance serves one thread at a time.
/// </summary>
/// <remarks>
/// Every block size 3 * 2^level is followed at once, from <c>_lowest</c> up: lower ones can no longer be chosen.
/// A place that cuts at one level cuts at all levels below it.
/// </remarks>
public sealed class SsdeepHasher
{
    /// <summary>The longest input, in bytes, that has a digest: 64 pieces of the largest block size, as in libfuzzy 2.14.</summary>
    public const long MaxLength = ((long)PartLength * SmallestBlock) << (Levels - 1);

    internal const int SmallestBlock = 3;

    /// <summary>Characters of the first part at most.</summary>
    internal const int PartLength = 64;

    /// <summary>A block size with fewer full pieces gives way to the next smaller one; also the length of the second part.</summary>
    private const int HalfLength = PartLength / 2;

    private const int Levels = 31;
    private const int WindowLength = RollingTrigger.History + 1;

    private readonly byte[] _digests = new byte[Levels * PartLength];
    private readonly byte[] _counts = new byte[PieceLanes.Count];
    private readonly byte[] _halfTails = new byte[PieceLanes.Count];
    private readonly byte[] _window = new byte[WindowLength];
    private readonly long _expectedLength;
    private readonly int _firstLevel;

    // The hash of the open piece of each level; of the halves, the hash that stops being reset after 31 pieces.
    // The halves are followed only while they differ on a level above the lowest: the lowest is never a second part.
    private Vector256<byte> _lanes;
    private Vector256<byte> _halves;
    private bool _halvesDiffer;
    private int _lowest;
    private long _length;

    /// <summary>A hasher for input of any length.</summary>
    public SsdeepHasher()
        : this(0, 0)
    {
    }

    internal SsdeepHasher(long expectedLength, int firstLevel)
    {
        _expectedLength = expectedLength;
        _firstLevel = firstLevel;
        Reset();
    }

    private static ReadOnlySpan<byte> Base64 => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    /// <summary>True where a block size below the first level followed might be the right one.</summary>
    internal bool StartedTooHigh => _lowest == _firstLevel && _firstLevel > 0 && _counts[_lowest] < HalfLength;

    /// <summary>Forgets everything, for another document.</summary>
    public void Reset()
    {
        Array.Clear(_digests);
        Array.Clear(_counts);
        Array.Clear(_halfTails);
        Array.Clear(_window);
        _lanes = Vector256.Create(PieceLanes.Start);
        _halves = _lanes;
        _halvesDiffer = false;
        _lowest = _firstLevel;
        _length = 0;
    }

    /// <summary>Adds the next bytes of the document.</summary>
    /// <param name="data">The bytes; any number of them.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        // The first bytes see those of the call before in their window; from there on the window lies inside data.
        const int history = RollingTrigger.History;
        Span<byte> seam = stackalloc byte[2 * history];
        _window.AsSpan(1).CopyTo(seam);
        int head = Math.Min(history, data.Length);
        data[..head].CopyTo(seam[history..]);
        Feed(seam[..(history + head)]);
        Feed(data);

        if (data.Length >= WindowLength)
        {
            data[^WindowLength..].CopyTo(_window);
        }
        else
        {
            _window.AsSpan(data.Length).CopyTo(_window);
            data.CopyTo(_window.AsSpan(WindowLength - data.Length));
        }
    }

    /// <summary>
    /// The digest (<c>block:part:part</c>) of what was appended so far; more may be appended afterwards.
    /// Empty text where more than <see cref="MaxLength"/> bytes were appended.
    /// </summary>
    public string Digest()
    {
        if (_length > MaxLength)
        {
            return string.Empty;
        }

        int level = LevelFor(_length);
        while (level > _lowest && _counts[level] < HalfLength)
        {
            level--;
        }

        bool pieceOpen = RollingTrigger.Value(_window, RollingTrigger.History) != 0;
        Span<byte> text = stackalloc byte[12 + PartLength + 1 + HalfLength];
        (SmallestBlock * (1L << level)).TryFormat(text, out int at);
        text[at++] = (byte)':';
        at += WriteFirst(level, pieceOpen, text[at..]);
        text[at++] = (byte)':';
        at += WriteSecond(level + 1, pieceOpen, text[at..]);
        return System.Text.Encoding.ASCII.GetString(text[..at]);
    }

    /// <summary>The smallest level of which 64 pieces cover <paramref name="length"/> bytes.</summary>
    internal static int LevelFor(long length)
    {
        int level = 0;
        while (level < Levels - 1 && Covered(level) < length)
        {
            level++;
        }

        return level;
    }

    private static long Covered(int level) => ((long)PartLength * SmallestBlock) << level;

    private int WriteFirst(int level, bool pieceOpen, Span<byte> text)
    {
        int count = _counts[level];
        Span<byte> pieces = _digests.AsSpan(level * PartLength, PartLength);
        pieces[..count].CopyTo(text);
        byte last = pieceOpen ? Letter(_lanes, level) : count == PartLength - 1 ? pieces[count] : (byte)0;
        if (last != 0)
        {
            text[count++] = last;
        }

        return count;
    }

    private int WriteSecond(int level, bool pieceOpen, Span<byte> text)
    {
        int count = Math.Min((int)_counts[level], HalfLength - 1);
        if (level < Levels)
        {
            _digests.AsSpan(level * PartLength, count).CopyTo(text);
        }

        byte last = pieceOpen ? Letter(_halvesDiffer ? _halves : _lanes, level) : _halfTails[level];
        if (last != 0)
        {
            text[count++] = last;
        }

        return count;
    }

    private static byte Letter(Vector256<byte> lanes, int level) => Base64[lanes[level] & 0x3F];

    /// <summary>Hashes the bytes after the first six, which are there for the rolling window alone.</summary>
    private void Feed(ReadOnlySpan<byte> bytes)
    {
        int at = RollingTrigger.History;
        Vector256<byte> lanes = _lanes;
        while (bytes.Length - at >= RollingTrigger.Group)
        {
            uint candidates = RollingTrigger.Candidates(bytes, at, _lowest);
            if ((candidates == 0 || !AnyCuts(bytes, at, ref candidates)) && !_halvesDiffer)
            {
                lanes = PieceLanes.Feed(lanes, bytes.Slice(at, RollingTrigger.Group));
                _length += RollingTrigger.Group;
            }
            else
            {
                _lanes = lanes;
                FeedAndCut(bytes, at, RollingTrigger.Group, candidates);
                lanes = _lanes;
            }

            at += RollingTrigger.Group;
        }

        _lanes = lanes;
        if (at < bytes.Length)
        {
            FeedAndCut(bytes, at, bytes.Length - at, uint.MaxValue >> (RollingTrigger.Group - (bytes.Length - at)));
        }
    }

    /// <summary>Takes the candidates away up to the first that really cuts.</summary>
    private bool AnyCuts(ReadOnlySpan<byte> bytes, int at, ref uint candidates)
    {
        while (candidates != 0)
        {
            if (LevelAt(bytes, at + BitOperations.TrailingZeroCount(candidates)) >= _lowest)
            {
                return true;
            }

            candidates &= candidates - 1;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LevelAt(ReadOnlySpan<byte> bytes, int at) => RollingTrigger.Level(RollingTrigger.Value(bytes, at));

    private void FeedAndCut(ReadOnlySpan<byte> bytes, int at, int count, uint candidates)
    {
        int end = at + count;
        int from = at;
        for (; candidates != 0; candidates &= candidates - 1)
        {
            int place = at + BitOperations.TrailingZeroCount(candidates);
            int level = LevelAt(bytes, place);
            if (level >= _lowest)
            {
                FeedLanes(bytes[from..(place + 1)]);
                Cut(level);
                from = place + 1;
            }
        }

        FeedLanes(bytes[from..end]);
    }

    private void FeedLanes(ReadOnlySpan<byte> bytes)
    {
        _lanes = PieceLanes.Feed(_lanes, bytes);
        if (_halvesDiffer)
        {
            _halves = PieceLanes.Feed(_halves, bytes);
        }

        _length += bytes.Length;
    }

    /// <summary>Ends a piece on every level from the lowest to <paramref name="level"/>.</summary>
    private void Cut(int level)
    {
        Span<byte> lanes = stackalloc byte[PieceLanes.Count];
        Span<byte> halves = stackalloc byte[PieceLanes.Count];
        _lanes.CopyTo(lanes);
        (_halvesDiffer ? _halves : _lanes).CopyTo(halves);
        for (int i = _lowest; i <= level; i++)
        {
            int count = _counts[i];
            _digests[(i * PartLength) + count] = Base64[lanes[i] & 0x3F];
            _halfTails[i] = 0;
            if (count < PartLength - 1)
            {
                _counts[i] = (byte)++count;
                lanes[i] = PieceLanes.Start;
            }

            if (count < HalfLength)
            {
                halves[i] = PieceLanes.Start;
            }
            else
            {
                _halfTails[i] = Base64[halves[i] & 0x3F];
                _halvesDiffer |= i > _lowest;
            }
        }

        _lanes = Vector256.Create<byte>(lanes);
        _halves = Vector256.Create<byte>(halves);
        Raise();
    }

    /// <summary>Leaves levels behind that the length has outgrown and whose next level has enough pieces.</summary>
    private void Raise()
    {
        long length = Math.Max(_length, _expectedLength);
        int before = _lowest;
        while (_counts[_lowest + 1] >= HalfLength && Covered(_lowest) < length)
        {
            _lowest++;
        }

        if (_lowest != before)
        {
            _halvesDiffer = _counts.AsSpan(_lowest + 1).ContainsAnyExceptInRange((byte)0, (byte)(HalfLength - 1));
        }
    }
}
