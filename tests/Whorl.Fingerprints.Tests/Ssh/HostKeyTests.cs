using System.Buffers.Binary;
using System.Text;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Ssh;

public sealed class HostKeyTests
{
    // ssh-keygen -t ed25519 (OpenSSH 9.2), and what ssh-keygen -lf says of it.
    private const string Blob = "AAAAC3NzaC1lZDI1NTE5AAAAIAUZCYDndL/KqbFEWoyThdXYq4PmYUdB/O6R5Uc/SMMg";

    private static readonly byte[] Reply = Packet([31, .. Block(Convert.FromBase64String(Blob)), .. Block(new byte[32]), .. Block(new byte[83])]);

    [Fact]
    public void The_key_is_read_with_type_and_fingerprint()
    {
        HostKey.TryParse(Reply, out HostKey? key).ShouldBe(ParseStatus.Done);
        key!.Type.ShouldBe("ssh-ed25519");
        Convert.ToBase64String(key.Blob).ShouldBe(Blob);
        key.Sha256().ShouldBe("SHA256:Lqfid7SI8WAWpEsQznAk1LZjza0ltcGP9VSLtTBu1Xo");
    }

    [Fact]
    public void Notices_and_a_wrong_guess_before_it_are_passed_over() =>
        HostKey.TryParse([.. Packet([2, 0, 0, 0, 0]), .. Packet([4, 0, 0, 0, 0, 0]), .. Packet([30, 1]), .. Reply], out _).ShouldBe(ParseStatus.Done);

    [Fact]
    public void A_server_that_takes_its_leave_shows_no_key() => HostKey.TryParse(Packet([1, 0, 0, 0, 3]), out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void Packets_without_end_are_given_up() =>
        HostKey.TryParse([.. Enumerable.Repeat(Packet([2, 0, 0, 0, 0]), 20).SelectMany(packet => packet)], out _).ShouldBe(ParseStatus.Malformed);

    [Theory]
    [InlineData("FFFFFFFF041F")]
    [InlineData("00000001041F")]
    [InlineData("0000000C041F0000000100000000000000")]
    [InlineData("00000010041F000000040000000000000000000000")]
    public void Lengths_that_lie_are_malformed(string hex) => HostKey.TryParse(Convert.FromHexString(hex), out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void Every_truncation_asks_for_more_and_no_flipped_bit_throws()
    {
        for (int n = 0; n < Reply.Length; n++)
        {
            HostKey.TryParse(Reply.AsSpan(0, n), out HostKey? key).ShouldBe(ParseStatus.NeedMore);
            key.ShouldBeNull();
        }

        byte[] bytes = [.. Reply];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            (HostKey.TryParse(bytes, out HostKey? key) == ParseStatus.Done).ShouldBe(key is not null);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static byte[] Block(byte[] bytes)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    private static byte[] Packet(byte[] payload) => Block([4, .. payload, .. Encoding.ASCII.GetBytes("pad!")]);
}
