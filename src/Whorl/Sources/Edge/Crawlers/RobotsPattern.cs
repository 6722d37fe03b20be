namespace Whorl.Sources.Edge.Crawlers;

/// <summary>
/// A path of a robots.txt rule, normalized: <c>*</c> is any run of octets, a final <c>$</c> the end (RFC 9309 §2.2.3). Matching looks at each octet of a
/// target at most three times, whatever the pattern: what stands between two stars is searched for by Knuth, Morris and Pratt's method.
/// </summary>
internal sealed class RobotsPattern
{
    private readonly byte[] _head;

    private readonly Piece[] _pieces;

    // Of the octets after the last star where the pattern ends in $; null where any end will do.
    private readonly byte[]? _tail;

    private readonly bool _hasStar;

    public RobotsPattern(ReadOnlySpan<byte> text)
    {
        Length = text.Length;
        bool anchored = text is [.., (byte)'$'];
        text = anchored ? text[..^1] : text;
        int star = text.IndexOf((byte)'*');
        _hasStar = star >= 0;
        _head = text[..(_hasStar ? star : text.Length)].ToArray();
        ReadOnlySpan<byte> rest = _hasStar ? text[(star + 1)..] : default;
        int last = anchored ? rest.LastIndexOf((byte)'*') + 1 : rest.Length;
        _tail = anchored ? rest[last..].ToArray() : null;
        List<Piece> pieces = [];
        foreach (Range range in rest[..last].Split((byte)'*'))
        {
            if (!rest[range].IsEmpty)
            {
                pieces.Add(new(rest[range].ToArray()));
            }
        }

        _pieces = [.. pieces];
    }

    /// <summary>Octets of the pattern as written: the longest that matches decides.</summary>
    public int Length { get; }

    /// <param name="steps">Octets looked at, again where one was looked at again.</param>
    public bool Matches(ReadOnlySpan<byte> target, out long steps)
    {
        steps = _head.Length;
        if (!target.StartsWith(_head))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = target[_head.Length..];
        if (!_hasStar)
        {
            return _tail is null || rest.IsEmpty;
        }

        foreach (Piece piece in _pieces)
        {
            int end = piece.EndIn(rest, ref steps);
            if (end < 0)
            {
                return false;
            }

            rest = rest[end..];
        }

        steps += _tail?.Length ?? 0;
        return _tail is null || rest.EndsWith(_tail);
    }

    /// <summary>What stands between two stars.</summary>
    private readonly struct Piece
    {
        private readonly byte[] _text;

        // For each octet: so many octets before it, and it, are a beginning of the piece again.
        private readonly int[] _borders;

        public Piece(byte[] text)
        {
            _text = text;
            _borders = new int[text.Length];
            for (int i = 1, known = 0; i < text.Length; i++)
            {
                while (known > 0 && text[i] != text[known])
                {
                    known = _borders[known - 1];
                }

                known += text[i] == text[known] ? 1 : 0;
                _borders[i] = known;
            }
        }

        /// <summary>Where the first occurrence ends; -1 where there is none.</summary>
        public int EndIn(ReadOnlySpan<byte> text, ref long steps)
        {
            int known = 0, at = 0;
            while (at < text.Length)
            {
                steps++;
                if (text[at] == _text[known])
                {
                    at++;
                    if (++known == _text.Length)
                    {
                        return at;
                    }
                }
                else if (known > 0)
                {
                    known = _borders[known - 1];
                }
                else
                {
                    int skipped = text[at..].IndexOf(_text[0]);
                    skipped = skipped < 0 ? text.Length - at : skipped;
                    at += skipped;
                    steps += skipped;
                }
            }

            return -1;
        }
    }
}
