using Whorl.Native.Capture;

namespace Whorl.Tests.Capture;

/// <summary>Reading what the kernel says about interfaces, and whatever else could stand there.</summary>
public sealed class NetworkLinkTests
{
    // Message types of rtnetlink(7).
    private const ushort NewLink = 16, Done = 3;

    private static readonly byte[] Answer =
    [
        .. Message(NewLink, Link(2, up: true, Attribute(3, "eth0\0"u8))),
        .. Message(NewLink, Link(7, up: false, [.. Attribute(3, "decoys0\0"u8), .. Attribute(5, [2, 0, 0, 0]), .. Attribute(18 | 0x8000, [.. Attribute(1, "macvlan\0"u8), .. Attribute(2, [9, 9, 9])])])),
        .. Message(NewLink, Link(8, up: true, [.. Attribute(3, "eth9\0"u8), .. Attribute(5, [4, 0, 0, 0]), .. Attribute(37, [1, 0, 0, 0])])),
        .. Message(Done, [0, 0, 0, 0]),
    ];

    [Fact]
    public void Names_kinds_and_parents_are_read_and_a_parent_of_another_namespace_is_none()
    {
        List<NetworkLink> links = [];
        NetworkLink.Read(Answer, links).ShouldBeFalse();
        links.ShouldBe([new(2, "eth0", "", 0, Up: true), new(7, "decoys0", "macvlan", 2, Up: false), new(8, "eth9", "", 0, Up: true)]);
    }

    [Fact]
    public void Every_truncation_and_every_flipped_bit_ends_without_a_fault()
    {
        for (int length = 0; length < Answer.Length; length++)
        {
            List<NetworkLink> links = [];
            NetworkLink.Read(Answer.AsSpan(0, length), links);
            links.Count.ShouldBeLessThanOrEqualTo(3);
        }

        for (int bit = 0; bit < Answer.Length * 8; bit++)
        {
            byte[] flipped = [.. Answer];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            List<NetworkLink> links = [];
            NetworkLink.Read(flipped, links);
            links.Count.ShouldBeLessThanOrEqualTo(3);
        }
    }

    [Fact]
    public void The_kernel_of_this_machine_names_its_loopback() => NetworkLink.List().ShouldContain(link => link.Name == "lo" && link.Kind.Length == 0);

    private static byte[] Message(ushort type, ReadOnlySpan<byte> content)
    {
        byte[] message = new byte[16 + Aligned(content.Length)];
        BitConverter.TryWriteBytes(message, 16 + content.Length);
        BitConverter.TryWriteBytes(message.AsSpan(4), type);
        content.CopyTo(message.AsSpan(16));
        return message;
    }

    private static byte[] Link(int index, bool up, ReadOnlySpan<byte> attributes) =>
        [0, 0, 1, 0, .. BitConverter.GetBytes(index), up ? (byte)1 : (byte)0, 0, 0, 0, 0, 0, 0, 0, .. attributes];

    private static byte[] Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        byte[] attribute = new byte[Aligned(4 + value.Length)];
        BitConverter.TryWriteBytes(attribute, (ushort)(4 + value.Length));
        BitConverter.TryWriteBytes(attribute.AsSpan(2), type);
        value.CopyTo(attribute.AsSpan(4));
        return attribute;
    }

    private static int Aligned(int length) => (length + 3) & ~3;
}
