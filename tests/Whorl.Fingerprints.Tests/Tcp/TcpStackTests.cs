using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Tcp;

public sealed class TcpStackTests
{
    private const string Linux = "4500003c1c464000400600000a0000010a000002c0010050100000010000000" + "0a002faf000000000020405b40402080a0000007b0000000001030307";

    // Packets from this project's generator, signatures as printed by Debian p0f 3.09b.
    public static TheoryData<string, string> Printed => new()
    {
        { "4502003b0000400036065a85c0000001c63364010425001627f17f3f000000008002fffff7fd0000020405b40103030801010402", "4:54+10:0:1460:65535,8:mss,nop,ws,nop,nop,sok:df,ecn:+" },
        { "60212345002906c820010db800000000000000000000000420010db8000100000000000000000001049401bbf4be0b6500000000a1c239082efd000003030a0102040109080affffffff000000000402", "6:200+?:0:265:mss*10,10:ws,nop,mss,ts,sok:ecn,flow:+" },
        { "4500003483284000c8064561c0000005c633640104b90050df7d2d9d000000008022119460fe0000020405b40103030801010402", "4:200+?:0:1460:mtu*3,8:mss,nop,ws,nop,nop,sok:df,id+,urgf+:0" },
        { "45020030b5ba000080069ad0c0000006c633640104de00160000000000000000700216d08021000001010101020405b4", "4:128+0:0:1460:mss*4,0:nop,nop,nop,nop,mss:ecn,seq-:0" },
        { "4500003cfcb800002806abb4c000000ac633640105720016f7666c8600000000a0020400e5090000020405ac0101080a000000050000004d03030f00", "4:40+24:0:1452:1024,15:mss,nop,nop,ts,ws,eol+0:ts2+,exws:0" },
        { "602000000028063620010db800000000000000000000000f20010db8000100000000000000000001062b00507056e93e00000005a1c220005f5d0009020405ac0101080a000000050000004d03030f00", "6:54+10:0:1452:8192,15:mss,nop,nop,ts,ws,eol+0:ecn,uptr+,ts2+,exws:0" },
        { "450100300000400036065a7dc0000015c6336401070901bb99612af100000000700211949c2a0000020405b422020101", "4:54+10:0:1460:mtu*3,0:mss,?34,nop,nop:df,ecn:0" },
        { "4510003c0000c0003606da2ac000004cc63364010efc01bb0000000000000000a00a11943b65000002040578010303090402080a0000000100000000", "4:54+10:0:1400:mtu*3,9:mss,nop,ws,sok,ts:df,0+,seq-,pushf+:0" },
    };

    [Theory]
    [MemberData(nameof(Printed))]
    public void The_raw_signature_is_the_one_p0f_prints(string packet, string signature)
    {
        TcpStack.TryParseSyn(Convert.FromHexString(packet), out TcpStack? stack).ShouldBe(ParseStatus.Done);

        stack!.Signature.ShouldBe(signature);
    }

    [Fact]
    public void Every_field_of_a_linux_syn_is_read()
    {
        TcpStack stack = Parse(Linux);

        stack.IsSynAck.ShouldBeFalse();
        stack.IpVersion.ShouldBe((byte)4);
        stack.ObservedTtl.ShouldBe((byte)64);
        stack.InitialTtl.ShouldBe((byte)64);
        stack.Distance.ShouldBe(0);
        stack.Window.ShouldBe((ushort)64240);
        stack.Mss.ShouldBe((ushort)1460);
        stack.Mtu.ShouldBe(1500);
        stack.WindowScale.ShouldBe((byte)7);
        stack.Timestamp.ShouldBe(123u);
        stack.HeaderLength.ShouldBe(60);
        stack.HasPayload.ShouldBeFalse();
        stack.DontFragment.ShouldBeTrue();
        stack.Ecn.ShouldBeFalse();
        stack.Quirks.ShouldBe(TcpQuirks.DontFragment | TcpQuirks.IdWithDontFragment);
        stack.OptionLayout.ShouldBe("mss,sok,ts,nop,ws");
        stack.Options.ShouldBe([new(2, 4, 1460, 0), new(4, 2, 0, 0), new(8, 10, 123, 0), new(1, 1, 0, 0), new(3, 3, 7, 0)]);
    }

    [Fact]
    public void Stacks_seen_over_different_paths_share_the_signature_without_path()
    {
        byte[] far = Convert.FromHexString(Linux);
        far[8] = 51;
        TcpStack.TryParseSyn(far, out TcpStack? stack).ShouldBe(ParseStatus.Done);

        stack!.Signature.ShouldBe("4:51+13:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0");
        stack.StackSignature.ShouldBe("4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0");
        stack.StackSignature.ShouldBe(Parse(Linux).StackSignature);
        stack.ShouldNotBe(Parse(Linux));
    }

    [Fact]
    public void A_syn_ack_window_may_be_a_multiple_of_the_size_the_client_offered()
    {
        byte[] packet = Convert.FromHexString(Linux);
        packet[33] = 0x12;
        packet[34] = 0x15;
        packet[35] = 0xE0; // 5600 = 4 * 1400

        TcpStack.TryParseSynAck(packet, peerMss: 1400, out TcpStack? stack).ShouldBe(ParseStatus.Done);
        stack!.IsSynAck.ShouldBeTrue();
        stack.Signature.ShouldBe("4:64+0:0:1460:mss*4,7:mss,sok,ts,nop,ws:df,id+,ack-:0");

        TcpStack.TryParseSynAck(packet, peerMss: 0, out stack).ShouldBe(ParseStatus.Done);
        stack!.Signature.ShouldBe("4:64+0:0:1460:5600,7:mss,sok,ts,nop,ws:df,id+,ack-:0");
    }

    [Fact]
    public void Extension_headers_before_tcp_are_stepped_over()
    {
        byte[] packet = Convert.FromHexString("60000000001c00402000000000000000000000000000000120000000000000000000000000000002"
            + "0600010400000000" + "c0010050100000010000000050022000000000" + "00");

        TcpStack.TryParseSyn(packet, out TcpStack? stack).ShouldBe(ParseStatus.Done);
        stack!.IpOptionLength.ShouldBe(8);
        stack.Window.ShouldBe((ushort)8192);
    }

    [Theory]
    [InlineData(0x12)]
    [InlineData(0x03)]
    [InlineData(0x06)]
    [InlineData(0x10)]
    public void Only_a_clean_syn_is_taken(byte flags)
    {
        byte[] packet = Convert.FromHexString(Linux);
        packet[33] = flags;

        TcpStack.TryParseSyn(packet, out TcpStack? stack).ShouldBe(ParseStatus.Malformed);
        stack.ShouldBeNull();
    }

    [Fact]
    public void Every_truncation_asks_for_more()
    {
        foreach (TheoryDataRow<string, string> row in Printed)
        {
            byte[] packet = Convert.FromHexString(row.Data.Item1);
            for (int length = 0; length < packet.Length; length++)
            {
                TcpStack.TryParseSyn(packet.AsSpan(0, length), out TcpStack? stack).ShouldBe(ParseStatus.NeedMore);
                stack.ShouldBeNull();
            }
        }
    }

    [Fact]
    public void Every_flipped_bit_still_gives_a_status_and_a_signature()
    {
        int done = 0;
        foreach (TheoryDataRow<string, string> row in Printed)
        {
            byte[] packet = Convert.FromHexString(row.Data.Item1);
            for (int bit = 0; bit < packet.Length * 8; bit++)
            {
                packet[bit / 8] ^= (byte)(1 << (bit % 8));
                if (TcpStack.TryParseSyn(packet, out TcpStack? stack) == ParseStatus.Done)
                {
                    stack!.Signature.Split(':').Length.ShouldBe(8);
                    done++;
                }

                packet[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        done.ShouldBeGreaterThan(1000);
    }

    private static TcpStack Parse(string hex)
    {
        TcpStack.TryParseSyn(Convert.FromHexString(hex), out TcpStack? stack).ShouldBe(ParseStatus.Done);
        return stack!;
    }
}
