using System.Buffers.Binary;
using System.IO.Compression;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Inputs;
using Whorl.Tests.Support;

namespace Whorl.Tests.Capture.Inputs;

public sealed class CaptureFileTests
{
    private const long Time = 1_700_000_000_123_456_000;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Pcap_is_read_in_either_order_and_resolution(bool big, bool nano)
    {
        long time = nano ? Time + 789 : Time;
        Read(Pcap(big, nano, (time, [1, 2, 3], 60), (time + 1_000_000, [], 0))).ShouldBe(
            [$"Ethernet 010203 60 {time} 0", $"Ethernet  0 {time + 1_000_000} 0", "End"]);
    }

    [Fact]
    public void Gzip_is_unpacked()
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Pcap(false, false, (Time, [7], 1)));
        }

        Read(packed.ToArray()).ShouldBe([$"Ethernet 07 1 {Time} 0", "End"]);
    }

    [Fact]
    public void Pcapng_sections_have_their_own_order_interfaces_and_clocks()
    {
        byte[] file =
        [
            .. Section(false), .. Interface(false, 1, "eth0", 9), .. Interface(false, 101, "tun0", 0x8A),
            .. Enhanced(false, 1, 1_700_000_000L * 1024, [9]), .. Enhanced(false, 0, Time, [8]),
            .. Block(false, 0xBAD, [1, 2, 3, 4]),
            .. Block(false, 3, [.. U32(false, 2), 5, 6, 0, 0]),
            .. Section(true), .. Interface(true, 1, "eth1", 6), .. Interface(true, 113, "eth0", 3),
            .. Enhanced(true, 1, 1_700_000_000_123L, [4]), .. Enhanced(true, 0, Time / 1000, [3]),
            .. Block(true, 2, [0, 0, 0, 0, .. U32(true, (uint)(Time / 1000 >> 32)), .. U32(true, unchecked((uint)(Time / 1000))), .. U32(true, 1), .. U32(true, 1), 2, 0, 0, 0]),
        ];
        Read(file, out IReadOnlyList<string> names).ShouldBe(
        [
            "Raw 09 1 1700000000000000000 1",
            $"Ethernet 08 1 {Time} 0",
            "Ethernet 0506 2 0 0",
            "LinuxCooked 04 1 1700000000123000000 0",
            $"Ethernet 03 1 {Time} 2",
            $"Ethernet 02 1 {Time} 2",
            "End",
        ]);
        names.ShouldBe(["eth0", "tun0", "eth1"]);
    }

    [Fact]
    public void A_file_cut_anywhere_gives_what_was_whole_and_says_where_it_ends()
    {
        byte[] pcap = Pcap(false, false, (Time, [1, 2, 3], 3), (Time, [4], 1));
        byte[] pcapng = [.. Section(false), .. Interface(false, 1, "e", 6), .. Enhanced(false, 0, Time / 1000, [1]), .. Block(false, 5, new byte[40])];
        foreach (byte[] file in (byte[][])[pcap, pcapng])
        {
            List<string> whole = Read(file);
            for (int length = 0; length < file.Length; length++)
            {
                List<string> read = Read(file[..length]);
                read[..^1].ShouldBe(whole[..(read.Count - 1)]);
                read[^1].ShouldMatch("^End$|^.+ at [0-9]+$");
            }
        }

        Read(pcap[..^1])[^1].ShouldBe("the file ends inside a frame at 43");
    }

    [Theory]
    [InlineData("", "the file is empty at 0")]
    [InlineData("0102", "this is no capture file at 0")]
    [InlineData("50616765", "this is no capture file (neither pcap nor pcapng) at 0")]
    [InlineData("1F8B0800FFFFFFFFFFFFFFFF", "the gzip data is damaged at 0")]
    [InlineData("D4C3B2A1020004000000000000000000FFFF0000010000000000000000000000FFFFFF7F01000000", "a frame claims to have 2147483647 bytes at 24")]
    [InlineData("0A0D0D0A1C0000000000000001000000FFFFFFFFFFFFFFFF1C000000", "a section has no byte order at 0")]
    [InlineData("0A0D0D0A1C0000004D3C2B1A01000000FFFFFFFFFFFFFFFF1C00000006000000FFFFFFFF", "a block claims to have 4294967295 bytes at 28")]
    public void What_cannot_be_read_is_said_with_the_offset(string bytes, string said) => Read(Convert.FromHexString(bytes)).ShouldBe([said]);

    [Fact]
    public void A_frame_of_an_interface_that_is_not_described_is_damage() => Read([.. Section(false), .. Enhanced(false, 3, 0, [1])]).ShouldBe(
        ["a frame names interface 3, which is not described at 28"]);

    [Fact]
    public void Bits_flipped_anywhere_never_throw_and_never_hang()
    {
        byte[] file = [.. Section(false), .. Interface(false, 1, "e", 6), .. Enhanced(false, 0, Time / 1000, [1, 2, 3, 4, 5]), .. Enhanced(false, 0, Time / 1000, [6])];
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Read(flipped).Count.ShouldBeInRange(1, 3);
        }
    }

    [Fact]
    public void A_followed_file_may_grow_be_cut_and_be_replaced()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "a.pcap");
        byte[] one = Pcap(false, false, (Time, [1], 1), (Time, [2], 1));
        File.WriteAllBytes(path, one[..^1]);
        using CaptureFile file = CaptureFile.Open(path, follow: true, TimeSpan.Zero);
        Next(file).ShouldBe("01");
        Next(file).ShouldBe("Idle");
        File.WriteAllBytes(path, one);
        Next(file).ShouldBe("02");
        Next(file).ShouldBe("Idle");

        File.Move(path, path + ".1");
        Next(file).ShouldBe("Idle");
        File.WriteAllBytes(path, [.. Section(true), .. Interface(true, 1, "new", 6), .. Enhanced(true, 0, 0, [3])]);
        Next(file).ShouldBe("03");
        file.Interfaces.ShouldBe(["new"]);
        Next(file).ShouldBe("Idle");

        File.WriteAllBytes(path, Pcap(true, true, (Time, [4], 1)));
        Next(file).ShouldBe("04");
        Next(file).ShouldBe("Idle");
        file.Counters().Frames.ShouldBe(4);
    }

    private static string Next(CaptureFile file)
    {
        FrameRead read = file.TryRead(out CapturedFrame frame);
        return read == FrameRead.Frame ? Convert.ToHexString(frame.Bytes) : read.ToString();
    }

    private static List<string> Read(byte[] bytes) => Read(bytes, out _);

    private static List<string> Read(byte[] bytes, out IReadOnlyList<string> names)
    {
        using CaptureFile file = CaptureFile.Read(new MemoryStream(bytes));
        List<string> lines = [];
        while (true)
        {
            switch (file.TryRead(out CapturedFrame frame))
            {
                case FrameRead.Frame:
                    lines.Add($"{frame.Link} {Convert.ToHexString(frame.Bytes)} {frame.OriginalLength} {frame.Time} {frame.Interface}");
                    break;
                case FrameRead.Damaged:
                    lines.Add($"{file.Fault!.Reason} at {file.Fault.Offset}");
                    names = [.. file.Interfaces];
                    return lines;
                case FrameRead.End:
                    lines.Add("End");
                    names = [.. file.Interfaces];
                    return lines;
                default:
                    throw new InvalidOperationException("a file that is not followed cannot be idle");
            }
        }
    }

    private static byte[] Pcap(bool big, bool nano, params (long Time, byte[] Bytes, int Original)[] frames) =>
    [
        .. U32(big, nano ? 0xA1B23C4D : 0xA1B2C3D4), .. U16(big, 2), .. U16(big, 4), .. new byte[8], .. U32(big, 65535), .. U32(big, 1),
        .. frames.SelectMany(frame => (byte[])
        [
            .. U32(big, (uint)(frame.Time / 1_000_000_000)), .. U32(big, (uint)(frame.Time % 1_000_000_000 / (nano ? 1 : 1000))),
            .. U32(big, (uint)frame.Bytes.Length), .. U32(big, (uint)frame.Original), .. frame.Bytes,
        ]),
    ];

    private static byte[] Section(bool big) => Block(big, 0x0A0D0D0A, [.. U32(big, 0x1A2B3C4D), .. U16(big, 1), .. U16(big, 0), .. new byte[8].Select(_ => (byte)0xFF)]);

    private static byte[] Interface(bool big, int link, string name, byte resolution) => Block(
        big,
        1,
        [
            .. U16(big, link), 0, 0, .. U32(big, 0),
            .. U16(big, 2), .. U16(big, name.Length), .. System.Text.Encoding.ASCII.GetBytes(name), .. new byte[(4 - (name.Length % 4)) % 4],
            .. U16(big, 9), .. U16(big, 1), resolution, 0, 0, 0,
            0, 0, 0, 0,
        ]);

    private static byte[] Enhanced(bool big, uint number, long ticks, byte[] bytes) => Block(
        big,
        6,
        [.. U32(big, number), .. U32(big, (uint)(ticks >> 32)), .. U32(big, unchecked((uint)ticks)), .. U32(big, (uint)bytes.Length), .. U32(big, (uint)bytes.Length), .. bytes, .. new byte[(4 - (bytes.Length % 4)) % 4]]);

    private static byte[] Block(bool big, uint type, byte[] body) => [.. U32(big, type), .. U32(big, (uint)body.Length + 12), .. body, .. U32(big, (uint)body.Length + 12)];

    private static byte[] U32(bool big, uint value)
    {
        byte[] bytes = new byte[4];
        if (big)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        }

        return bytes;
    }

    private static byte[] U16(bool big, int value) => big ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)];
}
