using System.Buffers.Binary;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>Makes opening TCP packets with every oddity that a signature can name, the same ones for the same seed.</summary>
internal sealed class OddPackets(int seed)
{
    public const int ServerPort = 443;

    private static readonly byte[][] GoodOptions =
    [
        [2, 4, 5, 0xB4], [3, 3, 7], [4, 2], [1], [8, 10, 0, 1, 2, 3, 0, 0, 0, 0], [8, 10, 0, 0, 0, 0, 0, 0, 0, 9],
        [2, 4, 5, 0xA0], [3, 3, 15], [5, 10, 1, 2, 3, 4, 5, 6, 7, 8], [34, 4, 1, 2], [254, 2], [2, 4, 0, 90],
    ];

    private static readonly byte[][] BadOptions = [[2, 3, 5, 0xB4], [4, 9], [8, 2], [5, 3], [77, 0], [77, 41], [3], [99, 30]];

    private readonly Random _random = new(seed);

    /// <summary>A SYN from a client whose address ends in <paramref name="number"/>.</summary>
    public byte[] Syn(int number) => Make(number, fromServer: false, ack: 0, 0x02, Options());

    /// <summary>The answer to that SYN.</summary>
    public byte[] SynAck(int number, bool v6, uint ack)
    {
        byte[] packet = Make(number, fromServer: true, ack, 0x12, Options(), v6);
        return packet;
    }

    private byte[] Make(int number, bool fromServer, uint ack, byte flags, byte[] options, bool? version6 = null)
    {
        bool v6 = version6 ?? Chance(4);
        byte[] payload = Chance(8) ? [1, 2, 3] : [];
        byte[] ipOptions = !v6 && Chance(10) ? [1, 1, 1, 0] : [];
        int ipLength = v6 ? 40 : 20 + ipOptions.Length;
        byte[] packet = new byte[ipLength + 20 + options.Length + payload.Length];
        if (v6)
        {
            WriteIpv6(packet, number, fromServer);
        }
        else
        {
            WriteIpv4(packet, number, fromServer, ipOptions);
        }

        Span<byte> tcp = packet.AsSpan(ipLength);
        ushort port = (ushort)(1024 + (number % 50000));
        BinaryPrimitives.WriteUInt16BigEndian(tcp, fromServer ? (ushort)ServerPort : port);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], fromServer ? port : (ushort)ServerPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], Chance(10) ? 0u : (uint)_random.Next());
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], (flags & 0x10) != 0 ? ack : Chance(6) ? (uint)_random.Next() : 0u);
        tcp[12] = (byte)(((20 + options.Length) / 4 << 4) | (Chance(12) ? 1 : 0));
        tcp[13] = (byte)(flags | Pick([0, 0, 0, 0, 0, 0x40, 0x80, 0xC0, 0x20, 0x08, 0x28]));
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], Pick<ushort>([65535, 8192, 64240, 29200, 14600, 5792, 1024, 0, 4380, 3000, 2880, (ushort)_random.Next(65536)]));
        BinaryPrimitives.WriteUInt16BigEndian(tcp[18..], Chance(10) ? (ushort)7 : (ushort)0);
        options.CopyTo(tcp[20..]);
        payload.CopyTo(tcp[(20 + options.Length)..]);
        return packet;
    }

    private void WriteIpv4(byte[] packet, int number, bool fromServer, byte[] options)
    {
        packet[0] = (byte)(0x45 + (options.Length / 4));
        packet[1] = Pick<byte>([0, 0, 0, 1, 2, 0x10]);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), Chance(2) ? (ushort)0 : (ushort)_random.Next(65536));
        packet[6] = Pick<byte>([0x40, 0x40, 0x40, 0, 0x80, 0xC0]);
        packet[8] = Pick<byte>([64, 60, 128, 117, 255, 200, 32, 30, 1, 40, 84]);
        packet[9] = 6;
        WriteAddress(packet.AsSpan(fromServer ? 16 : 12, 4), number);
        new byte[] { 198, 51, 100, 1 }.CopyTo(packet, fromServer ? 12 : 16);
        options.CopyTo(packet, 20);
    }

    private void WriteIpv6(byte[] packet, int number, bool fromServer)
    {
        BinaryPrimitives.WriteUInt32BigEndian(packet, 0x6000_0000u | (Chance(2) ? 0x12345u : 0) | (Chance(8) ? 0x0020_0000u : 0));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
        packet[6] = 6;
        packet[7] = Pick<byte>([64, 60, 128, 255, 30]);
        packet[fromServer ? 24 : 8] = 0x20;
        packet[fromServer ? 8 : 24] = 0x20;
        WriteAddress(packet.AsSpan(fromServer ? 36 : 20, 4), number);
        packet[fromServer ? 23 : 39] = 1;
    }

    private static void WriteAddress(Span<byte> at, int number) => BinaryPrimitives.WriteUInt32BigEndian(at, 0x0A00_0000u + (uint)number);

    private byte[] Options()
    {
        List<byte> options = [];
        if (Chance(20))
        {
            return [.. Enumerable.Repeat((byte)1, 40)];
        }

        int count = _random.Next(7);
        for (int i = 0; i < count; i++)
        {
            options.AddRange(Chance(15) ? Pick(BadOptions) : Pick(GoodOptions));
        }

        if (Chance(4))
        {
            options.Add(0);
            options.AddRange(Pick<byte[]>([[], [0], [0, 0, 0], [0, 9], [9, 0], [9], [0, 5, 0, 0]]));
        }

        while (options.Count % 4 != 0)
        {
            options.Add(Pick<byte>([1, 1, 0]));
        }

        return [.. options.Take(40)];
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(ReadOnlySpan<T> values) => values[_random.Next(values.Length)];
}
