using System.Buffers.Binary;

namespace Whorl.Fingerprints.Packets;

/// <summary>
/// Puts fragments of IP packets together. It never holds more than <see cref="MaxBytes"/>, whatever the peers send:
/// the oldest packets go first. One thread at a time.
/// </summary>
public sealed class FragmentTable
{
    /// <summary>Packets under way at most; a busy sensor sees a few dozen at once.</summary>
    public const int MaxPending = 1024;

    /// <summary>Fragments of one packet at most; 64 KiB in pieces of an Ethernet frame are 45.</summary>
    public const int MaxFragments = 128;

    /// <summary>Bytes held at most over all packets, what Linux allows itself by default.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    private const int MaxPacketLength = 65535;

    private readonly Dictionary<Key, Pending> _pending = [];
    private readonly LinkedList<Key> _byAge = new();
    private int _bytes;

    /// <summary>How long the parts of a packet are waited for (Linux: 30 seconds).</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Packets of which a part is still missing.</summary>
    public int PendingCount => _pending.Count;

    /// <summary>Packets given up so far: too late, contradictory, or no room.</summary>
    public long DroppedCount { get; private set; }

    /// <summary>Takes a fragment.</summary>
    /// <param name="fragment">A packet whose decoding gave <see cref="PacketStatus.Fragment"/>.</param>
    /// <param name="seen">When it was captured; drives the expiry, so captures may be replayed.</param>
    /// <param name="datagram">The whole IP packet once its last part is here: decode it as <see cref="LinkType.Raw"/>.</param>
    /// <returns>True when a packet became whole.</returns>
    public bool TryAdd(in Packet fragment, DateTimeOffset seen, out ReadOnlyMemory<byte> datagram)
    {
        datagram = default;
        if (!fragment.IsFragment || fragment.MissingBytes > 0)
        {
            return false;
        }

        Expire(seen);
        ReadOnlySpan<byte> bytes = fragment.Transport;
        int end = fragment.FragmentOffset + bytes.Length;

        // All but the last are cut at eight bytes (RFC 791 §3.2); a packet cannot outgrow its length field.
        if (bytes.IsEmpty || end > MaxPacketLength || (fragment.MoreFragments && bytes.Length % 8 != 0))
        {
            return false;
        }

        Key key = new(FlowKey.FromBytes(fragment.SourceAddress), FlowKey.FromBytes(fragment.DestinationAddress), fragment.Id, fragment.IpVersion == 4 ? fragment.Protocol : (byte)0);
        if (!_pending.TryGetValue(key, out Pending? pending))
        {
            pending = new Pending(seen, _byAge.AddLast(key));
            _pending.Add(key, pending);
        }

        int before = pending.Cost;
        Verdict verdict = pending.Add(fragment, bytes);
        _bytes += pending.Cost - before;
        switch (verdict)
        {
            case Verdict.Refused:
                Drop(key);
                return false;
            case Verdict.Whole:
                datagram = pending.Join();
                Remove(key, pending);
                return true;
            default:
                while (_bytes > MaxBytes || _pending.Count > MaxPending)
                {
                    Drop(_byAge.First!.Value);
                }

                return false;
        }
    }

    private void Expire(DateTimeOffset now)
    {
        while (_byAge.First is { } oldest && now - _pending[oldest.Value].Started > Patience)
        {
            Drop(oldest.Value);
        }
    }

    private void Drop(in Key key)
    {
        Remove(key, _pending[key]);
        DroppedCount++;
    }

    private void Remove(in Key key, Pending pending)
    {
        _bytes -= pending.Cost;
        _byAge.Remove(pending.Place);
        _pending.Remove(key);
    }

    private enum Verdict
    {
        Waiting,
        Whole,
        Refused,
    }

    private readonly record struct Key(UInt128 Source, UInt128 Destination, uint Id, byte Protocol);

    private sealed class Pending(DateTimeOffset started, LinkedListNode<Key> place)
    {
        private readonly PieceList _pieces = new(MaxFragments);
        private byte[] _header = [];
        private int _length = -1;

        public DateTimeOffset Started { get; } = started;

        public LinkedListNode<Key> Place { get; } = place;

        public int Cost => _header.Length + _pieces.Cost;

        public Verdict Add(in Packet fragment, ReadOnlySpan<byte> bytes)
        {
            int start = fragment.FragmentOffset;
            int end = start + bytes.Length;
            if (!fragment.MoreFragments)
            {
                if (_length >= 0 && _length != end)
                {
                    return Verdict.Refused;
                }

                _length = end;
            }

            if (start == 0 && _header.Length == 0)
            {
                _header = Header(fragment);
            }

            // IPv6 refuses overlaps (RFC 5722); for IPv4 the bytes that came first stay, as on most systems.
            if (!_pieces.TryInsert(start, bytes, refuseOverlap: fragment.IpVersion == 6) || (_length >= 0 && _pieces.End > _length))
            {
                return Verdict.Refused;
            }

            return _header.Length > 0 && _length == _pieces.ContiguousLength ? Verdict.Whole : Verdict.Waiting;
        }

        public ReadOnlyMemory<byte> Join()
        {
            byte[] whole = new byte[_header.Length + _length];
            _header.CopyTo(whole, 0);
            _pieces.CopyTo(whole.AsSpan(_header.Length));

            if (whole[0] >> 4 == 4)
            {
                // Over the limit of the length field zero is written: "as long as what is there".
                BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(2), whole.Length > MaxPacketLength ? (ushort)0 : (ushort)whole.Length);
                BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(6), 0);
            }
            else
            {
                int payload = whole.Length - 40;
                BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(4), payload > MaxPacketLength ? (ushort)0 : (ushort)payload);
            }

            return whole;
        }

        // The header without the fragment part: what the packet began with before it was cut.
        private static byte[] Header(in Packet fragment)
        {
            if (fragment.IpVersion == 4)
            {
                return fragment.Ip[..fragment.IpHeaderLength].ToArray();
            }

            byte[] header = fragment.Ip[..fragment.FragmentHeaderAt].ToArray();
            header[fragment.FragmentNextAt] = fragment.Protocol;
            return header;
        }
    }
}
