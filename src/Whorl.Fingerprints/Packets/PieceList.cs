namespace Whorl.Fingerprints.Packets;

/// <summary>Bytes of a message that arrive in pieces and in any order. Holds what arrived, never room for what did not.</summary>
internal sealed class PieceList(int maxPieces)
{
    // Counted for each piece beside its bytes, so that many tiny pieces are bounded too.
    private const int PieceOverhead = 64;

    private readonly List<(int Offset, byte[] Bytes)> _pieces = [];

    /// <summary>Bytes held, with what the list itself needs.</summary>
    public int Cost { get; private set; }

    /// <summary>Where the bytes from the beginning on first show a gap.</summary>
    public int ContiguousLength { get; private set; }

    /// <summary>End of the last piece.</summary>
    public int End => _pieces.Count == 0 ? 0 : _pieces[^1].Offset + _pieces[^1].Bytes.Length;

    /// <summary>Takes a piece; where it overlaps, the bytes that came first stay. False when there are too many pieces, or an overlap is refused.</summary>
    public bool TryInsert(int start, ReadOnlySpan<byte> bytes, bool refuseOverlap)
    {
        int at = 0;
        while (at < _pieces.Count && _pieces[at].Offset + _pieces[at].Bytes.Length <= start)
        {
            at++;
        }

        while (!bytes.IsEmpty)
        {
            int room = at < _pieces.Count ? _pieces[at].Offset - start : int.MaxValue;
            if (room >= bytes.Length)
            {
                return Keep(at, start, bytes);
            }

            (int offset, byte[] held) = _pieces[at];
            if (refuseOverlap && !(offset == start && bytes.SequenceEqual(held)))
            {
                return false;
            }

            if (room > 0)
            {
                if (!Keep(at, start, bytes[..room]))
                {
                    return false;
                }

                at++;
            }

            int overlapEnd = Math.Min(start + bytes.Length, offset + held.Length);
            bytes = bytes[(overlapEnd - start)..];
            start = overlapEnd;
            at++;
        }

        return true;
    }

    /// <summary>Copies all pieces to their places.</summary>
    public void CopyTo(Span<byte> whole)
    {
        foreach ((int offset, byte[] bytes) in _pieces)
        {
            if (offset < whole.Length)
            {
                bytes.AsSpan(0, Math.Min(bytes.Length, whole.Length - offset)).CopyTo(whole[offset..]);
            }
        }
    }

    private bool Keep(int at, int start, ReadOnlySpan<byte> bytes)
    {
        if (_pieces.Count == maxPieces)
        {
            return false;
        }

        _pieces.Insert(at, (start, bytes.ToArray()));
        Cost += bytes.Length + PieceOverhead;
        for (int i = at; i < _pieces.Count && _pieces[i].Offset == ContiguousLength; i++)
        {
            ContiguousLength += _pieces[i].Bytes.Length;
        }

        return true;
    }
}
