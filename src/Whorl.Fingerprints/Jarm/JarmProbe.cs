using System.Buffers.Binary;

namespace Whorl.Fingerprints.Jarm;

/// <summary>One of the ten hellos, laid out once; all that changes is the host, the random bytes and GREASE.</summary>
internal sealed class JarmProbe
{
    private const ushort ServerName = 0x0000;
    private const ushort KeyShare = 0x0033;
    private const ushort X25519 = 0x001D;
    private const int RandomLength = 32;
    private const int HeadLength = 5 + 4 + 2 + RandomLength + 1 + RandomLength;
    private const int GreaseValues = 4; // cipher suite, extension, key share, version
    private const byte Tls10 = 0x01;

    private readonly byte _record;
    private readonly byte _hello;
    private readonly bool _grease;
    private readonly byte[] _ciphers;
    private readonly byte[] _middle;
    private readonly byte[] _versions;

    private JarmProbe(byte hello, byte record, ushort[] ciphers, bool grease, byte[] middle, byte[] versions)
    {
        _hello = hello;
        _record = record;
        _grease = grease;
        _ciphers = Bytes(ciphers);
        _middle = middle;
        _versions = versions;
    }

    /// <summary>The ten probes in the order of the method.</summary>
    public static JarmProbe[] All { get; } = MakeAll();

    /// <summary>Writes the hello; 0 where it does not fit.</summary>
    public int Write(ReadOnlySpan<byte> host, JarmRandom random, Span<byte> destination)
    {
        int greaseLength = _grease ? 2 : 0;
        int ciphers = _ciphers.Length + greaseLength;
        int share = 4 + RandomLength + (_grease ? 5 : 0);
        int versions = _versions.Length + greaseLength;
        int extensions = (_grease ? 4 : 0) + 9 + host.Length + _middle.Length + 6 + share + 6 + (_versions.Length == 0 ? 0 : 5 + versions);
        int length = HeadLength + 2 + ciphers + 2 + 2 + extensions;
        if (destination.Length < length)
        {
            return 0;
        }

        // One call for everything: the system's source costs more than the rest of the hello.
        Span<byte> bytes = stackalloc byte[(3 * RandomLength) + (_grease ? GreaseValues : 0)];
        random(bytes);
        ReadOnlySpan<byte> greases = bytes[(3 * RandomLength)..];
        Writer writer = new(destination[..length]);
        writer.U8(0x16);
        writer.U16(_record | 0x0300);
        writer.U16(length - 5);
        writer.U16(0x0100);
        writer.U16(length - 9);
        writer.U16(_hello | 0x0300);
        writer.Raw(bytes[..RandomLength]);
        writer.U8(RandomLength);
        writer.Raw(bytes.Slice(RandomLength, RandomLength));
        writer.U16(ciphers);
        writer.Grease(greases, 0);
        writer.Raw(_ciphers);
        writer.U16(0x0100);
        writer.U16(extensions);
        if (_grease)
        {
            writer.Grease(greases, 1);
            writer.U16(0);
        }

        writer.U16(ServerName);
        writer.U16(host.Length + 5);
        writer.U16(host.Length + 3);
        writer.U8(0);
        writer.U16(host.Length);
        writer.Raw(host);
        writer.Raw(_middle);
        writer.U16(KeyShare);
        writer.U16(share + 2);
        writer.U16(share);
        if (_grease)
        {
            writer.Grease(greases, 2);
            writer.Raw([0, 1, 0]);
        }

        writer.U16(X25519);
        writer.U16(RandomLength);
        writer.Raw(bytes.Slice(2 * RandomLength, RandomLength));
        writer.Raw([0x00, 0x2D, 0x00, 0x02, 0x01, 0x01]);
        if (_versions.Length > 0)
        {
            writer.U16(0x002B);
            writer.U16(versions + 1);
            writer.U8((byte)versions);
            writer.Grease(greases, 3);
            writer.Raw(_versions);
        }

        return length;
    }

    private static JarmProbe[] MakeAll()
    {
        ushort[] all = [.. JarmTables.Offered];
        ushort[] old = [.. all.Where(cipher => cipher >> 8 != 0x13)];
        string[] common = ["http/0.9", "http/1.0", "http/1.1", "spdy/1", "spdy/2", "spdy/3", "h2", "h2c", "hq"];
        string[] rare = [.. common.Where(name => name is not ("http/1.1" or "h2"))];
        byte[] upTo12 = [3, 1, 3, 2, 3, 3];
        byte[] upTo13 = [.. upTo12, 3, 4];
        return
        [
            Make(3, 3, all, false, common, upTo12, reverse: true),
            Make(3, 3, Reversed(all), false, common, upTo12, reverse: false),
            Make(3, 3, TopHalf(all), false, common, [], reverse: false),
            Make(3, 3, BottomHalf(all), false, rare, [], reverse: false),
            Make(3, 3, MiddleOut(all), true, rare, [], reverse: true),
            Make(2, 2, all, false, common, [], reverse: false),
            Make(3, Tls10, all, false, common, upTo13, reverse: true),
            Make(3, Tls10, Reversed(all), false, common, upTo13, reverse: false),
            Make(3, Tls10, old, false, common, upTo13, reverse: false),
            Make(3, Tls10, MiddleOut(all), true, common, upTo13, reverse: true),
        ];
    }

    private static JarmProbe Make(byte hello, byte record, ushort[] ciphers, bool grease, string[] alpn, byte[] versions, bool reverse)
    {
        if (reverse)
        {
            alpn = [.. alpn.Reverse()];
            versions = [.. versions.Chunk(2).Reverse().SelectMany(version => version)];
        }

        byte[] names = [.. alpn.SelectMany(name => (byte[])[(byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name)])];
        byte[] middle =
        [
            0x00, 0x17, 0x00, 0x00, // extended_master_secret
            0x00, 0x01, 0x00, 0x01, 0x01, // max_fragment_length
            0xFF, 0x01, 0x00, 0x01, 0x00, // renegotiation_info
            0x00, 0x0A, 0x00, 0x0A, 0x00, 0x08, 0x00, 0x1D, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19, // supported_groups
            0x00, 0x0B, 0x00, 0x02, 0x01, 0x00, // ec_point_formats
            0x00, 0x23, 0x00, 0x00, // session_ticket
            0x00, 0x10, 0x00, (byte)(names.Length + 2), 0x00, (byte)names.Length, .. names,
            0x00, 0x0D, 0x00, 0x14, 0x00, 0x12, // signature_algorithms
            0x04, 0x03, 0x08, 0x04, 0x04, 0x01, 0x05, 0x03, 0x08, 0x05, 0x05, 0x01, 0x08, 0x06, 0x06, 0x01, 0x02, 0x01,
        ];
        return new JarmProbe(hello, record, ciphers, grease, middle, versions);
    }

    private static ushort[] Reversed(ushort[] list) => [.. list.Reverse()];

    private static ushort[] BottomHalf(ushort[] list) => list[((list.Length + 1) / 2)..];

    private static ushort[] TopHalf(ushort[] list)
    {
        ushort[] half = BottomHalf(Reversed(list));
        return list.Length % 2 == 1 ? [list[list.Length / 2], .. half] : half;
    }

    private static ushort[] MiddleOut(ushort[] list)
    {
        int middle = list.Length / 2;
        List<ushort> order = list.Length % 2 == 1 ? [list[middle]] : [];
        for (int i = 1; i <= middle; i++)
        {
            order.Add(list.Length % 2 == 1 ? list[middle + i] : list[middle - 1 + i]);
            order.Add(list[middle - i]);
        }

        return [.. order];
    }

    private static byte[] Bytes(ushort[] numbers) => [.. numbers.SelectMany(number => (byte[])[(byte)(number >> 8), (byte)number])];

    private ref struct Writer(Span<byte> destination)
    {
        private Span<byte> _rest = destination;

        public void U8(byte value)
        {
            _rest[0] = value;
            _rest = _rest[1..];
        }

        public void U16(int value)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_rest, (ushort)value);
            _rest = _rest[2..];
        }

        public void Raw(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_rest);
            _rest = _rest[bytes.Length..];
        }

        public void Grease(scoped ReadOnlySpan<byte> randoms, int which)
        {
            if (!randoms.IsEmpty)
            {
                byte half = (byte)((randoms[which] & 0xF0) | 0x0A);
                Raw([half, half]);
            }
        }
    }
}
