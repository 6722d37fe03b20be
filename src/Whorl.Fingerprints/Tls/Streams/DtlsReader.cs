using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// Reads one direction of a DTLS 1.0 to 1.3 association datagram by datagram (RFC 6347, RFC 9147): joins the fragments
/// of handshake messages, in whatever order they come, and keeps the hellos and the certificates. Memory is bounded and
/// grows only with bytes received. Not safe for several threads at once.
/// </summary>
public sealed class DtlsReader
{
    // +------+---------+-------+----------+--------+   +------+--------+-----+--------+--------+----------
    // | type | version | epoch | sequence | length |   | type | length | seq | offset | length | fragment
    // |  8   |   16    |  16   |    48    |   16   |   |  8   |   24   | 16  |   24   |   24   |
    // +------+---------+-------+----------+--------+   +------+--------+-----+--------+--------+----------
    private const byte Handshake = 22;

    // Messages under way at once: a flight of a server has about six.
    private const int MaxMessages = 8;

    // Hellos and chains of one direction, with some to spare for a peer that starts over.
    private const int MaxComplete = 32;

    // A message of 128 KiB in pieces of the smallest path that IPv4 promises.
    private const int MaxFragments = 512;

    // Bytes of fragments held for all messages together.
    private const int MaxHeld = 256 * 1024;

    private readonly List<Pending> _pending = [];
    private readonly HashSet<ushort> _complete = [];
    private int _held;

    /// <summary>What has been read so far.</summary>
    public HandshakeMessages Messages { get; } = new();

    /// <summary>Bytes of fragments held, for those who bound many of these together.</summary>
    public int HeldBytes => _held;

    /// <summary>Takes the payload of the next datagram; order does not matter.</summary>
    /// <param name="datagram">The UDP payload.</param>
    /// <returns>
    /// Done where the datagram completed a hello or a chain; NeedMore where it is DTLS and completed none; Malformed where
    /// it is no DTLS or holds a broken message. The reader stays usable after each of them.
    /// </returns>
    public ParseStatus Push(ReadOnlySpan<byte> datagram)
    {
        ParseStatus result = ParseStatus.Malformed;
        while (!datagram.IsEmpty)
        {
            WireReader reader = new(datagram);
            byte type = reader.U8();
            ushort version = reader.U16();
            ushort epoch = reader.U16();
            _ = reader.Take(6);
            ReadOnlySpan<byte> payload = reader.Block16();

            // 0x0100 is what OpenSSL before 0.9.8f took for DTLS 1.0. Records of DTLS 1.3 under encryption have another header.
            if (!reader.Ok || type is < 20 or > 26 || (version >> 8 != 0xFE && version != 0x0100))
            {
                return result;
            }

            datagram = reader.Rest;
            ParseStatus status = type == Handshake && epoch == 0 ? TakeFragments(payload) : ParseStatus.NeedMore;
            result = Better(result, status);
        }

        return result;
    }

    private static ParseStatus Better(ParseStatus one, ParseStatus other) =>
        one == ParseStatus.Done || other == ParseStatus.Done ? ParseStatus.Done
        : one == ParseStatus.NeedMore || other == ParseStatus.NeedMore ? ParseStatus.NeedMore
        : ParseStatus.Malformed;

    private ParseStatus TakeFragments(ReadOnlySpan<byte> payload)
    {
        ParseStatus result = ParseStatus.Malformed;
        WireReader reader = new(payload);
        while (reader.Left > 0)
        {
            byte type = reader.U8();
            int length = reader.U24();
            ushort sequence = reader.U16();
            int offset = reader.U24();
            ReadOnlySpan<byte> fragment = reader.Block24();
            if (!reader.Ok || offset + fragment.Length > length || length > HandshakeMessages.MaxLengthOf(type) - ClientHello.HeaderLength)
            {
                return result;
            }

            result = Better(result, type is 1 or 2 or 11 ? TakeFragment(new MessageKey(type, length, sequence), offset, fragment) : ParseStatus.NeedMore);
        }

        return result;
    }

    private ParseStatus TakeFragment(MessageKey key, int offset, ReadOnlySpan<byte> fragment)
    {
        if (_complete.Contains(key.Sequence) || _complete.Count == MaxComplete)
        {
            return ParseStatus.NeedMore;
        }

        if (fragment.Length == key.Length)
        {
            return Complete(key, fragment);
        }

        Pending? pending = _pending.Find(p => p.Key.Sequence == key.Sequence);
        if (pending is null)
        {
            if (_pending.Count == MaxMessages)
            {
                Drop(_pending[0]);
            }

            pending = new Pending(key);
            _pending.Add(pending);
        }

        // A fragment that contradicts the first one is not of this message; one that brings nothing is a repetition.
        if (pending.Key != key || fragment.IsEmpty || pending.Fragments.Count == MaxFragments || _held + fragment.Length > MaxHeld
            || !pending.Add(offset, fragment))
        {
            return ParseStatus.NeedMore;
        }

        _held += fragment.Length;
        if (!pending.IsWhole)
        {
            return ParseStatus.NeedMore;
        }

        Drop(pending);
        return Complete(key, pending.Join());
    }

    private ParseStatus Complete(MessageKey key, ReadOnlySpan<byte> body)
    {
        byte[] message = new byte[ClientHello.HeaderLength + body.Length];
        message[0] = key.Type;
        message[1] = (byte)(body.Length >> 16);
        message[2] = (byte)(body.Length >> 8);
        message[3] = (byte)body.Length;
        body.CopyTo(message.AsSpan(ClientHello.HeaderLength));
        if (!Messages.Add(message, isDtls: true))
        {
            return ParseStatus.Malformed;
        }

        _ = _complete.Add(key.Sequence);
        if (_pending.Find(p => p.Key.Sequence == key.Sequence) is { } pending)
        {
            Drop(pending);
        }

        return ParseStatus.Done;
    }

    private void Drop(Pending pending)
    {
        _held -= pending.Held;
        _ = _pending.Remove(pending);
    }

    private readonly record struct MessageKey(byte Type, int Length, ushort Sequence);

    /// <summary>The fragments of one message, sorted by where they begin.</summary>
    private sealed class Pending(MessageKey key)
    {
        public MessageKey Key { get; } = key;

        public List<(int Offset, byte[] Bytes)> Fragments { get; } = [];

        public int Held { get; private set; }

        public bool IsWhole
        {
            get
            {
                int end = 0;
                foreach ((int offset, byte[] bytes) in Fragments)
                {
                    if (offset > end)
                    {
                        return false;
                    }

                    end = Math.Max(end, offset + bytes.Length);
                }

                return end == Key.Length;
            }
        }

        /// <summary>False where a fragment that is held covers these bytes.</summary>
        public bool Add(int offset, ReadOnlySpan<byte> bytes)
        {
            int place = 0;
            for (; place < Fragments.Count && Fragments[place].Offset <= offset; place++)
            {
                if (Fragments[place].Offset + Fragments[place].Bytes.Length >= offset + bytes.Length)
                {
                    return false;
                }
            }

            Fragments.Insert(place, (offset, bytes.ToArray()));
            Held += bytes.Length;
            return true;
        }

        // Where fragments overlap, the one that begins first wins.
        public byte[] Join()
        {
            byte[] body = new byte[Key.Length];
            int end = 0;
            foreach ((int offset, byte[] bytes) in Fragments)
            {
                if (offset + bytes.Length > end)
                {
                    bytes.AsSpan(end - offset).CopyTo(body.AsSpan(end));
                    end = offset + bytes.Length;
                }
            }

            return body;
        }
    }
}
