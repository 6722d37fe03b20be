using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>Matching rules of p0f 3 on a small file of our own.</summary>
public sealed class P0fSignaturesTests
{
    private const string File = """
        ; a comment
        classes = win,unix

        [mtu]
        label = Ethernet
        sig   = 1500

        [tcp:request]
        label = g:unix:Linux:any
        sig   = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0

        label = s:unix:Linux:new
        sig   = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0

        label = s:!:Scanner:
        sys   = @unix,@win
        sig   = *:64-:0:1460:1024,0:mss::0

        label = s:win:Windows:modulo
        sig   = *:128:0:*:%1024,8:mss,nop,ws,nop,nop,sok:df,id+:0

        [tcp:response]
        label = s:unix:Linux:server
        sig   = *:64:0:*:mss*44,*:mss,sok,ts,nop,ws:df:0

        [http:request]
        ua_os = Linux
        label = s:!:curl:
        sys   = @unix
        sig   = *:Host::
        """;

    private static readonly P0fSignatures Signatures = P0fSignatures.Parse(File);

    [Fact]
    public void A_file_is_read_without_faults()
    {
        Signatures.Faults.ShouldBeEmpty();
        Signatures.Count.ShouldBe(5);
        Signatures.LinkOf(1500).ShouldBe("Ethernet");
        Signatures.LinkOf(1400).ShouldBeNull();
    }

    [Fact]
    public void A_specific_label_wins_over_a_generic_one_before_it()
    {
        P0fMatch match = Signatures.Match(Linux(ttl: 60)).ShouldNotBeNull();

        match.Label.ToString().ShouldBe("Linux new");
        match.Label.Class.ShouldBe("unix");
        match.Distance.ShouldBe(4);
        match.IsFuzzy.ShouldBeFalse();
        match.Line.ShouldBe(13);
    }

    [Fact]
    public void A_generic_label_is_taken_where_no_specific_one_fits()
    {
        P0fMatch match = Signatures.Match(Linux(window: 1000)).ShouldNotBeNull();

        match.Label.IsGeneric.ShouldBeTrue();
        match.IsFuzzy.ShouldBeFalse();
    }

    [Theory]
    [InlineData(64, 0x00, 9, 0)] // "don't fragment" and the id quirk are gone
    [InlineData(64, 0x40, 0, 0)] // the id was cleared
    [InlineData(20, 0x40, 9, 12)] // too many hops: the distance is guessed anew
    [InlineData(100, 0x40, 9, 28)] // more than the signature's own time to live
    public void Differences_that_the_path_makes_are_forgiven(byte ttl, byte flags, byte id, int distance)
    {
        P0fMatch match = Signatures.Match(Linux(ttl: ttl, flags: flags, id: id)).ShouldNotBeNull();

        match.IsFuzzy.ShouldBeTrue();
        match.Distance.ShouldBe(distance);
    }

    [Fact]
    public void A_quirk_that_no_path_makes_is_not_forgiven()
    {
        byte[] urgent = LinuxBytes();
        urgent[33] |= 0x20;

        Signatures.Match(Parse(urgent)).ShouldBeNull();
    }

    [Fact]
    public void A_program_is_matched_exactly_or_not_at_all()
    {
        byte[] scan = Convert.FromHexString("4500002c0001000030060000" + "0a0000010a000002" + "1234005000000007000000006002040000000000" + "020405b4");
        P0fMatch match = Signatures.Match(Parse(scan)).ShouldNotBeNull();

        match.Label.IsUserland.ShouldBeTrue();
        match.IsRandomTtl.ShouldBeTrue();
        match.Distance.ShouldBe(16);
        match.Systems.ShouldBe(["@unix", "@win"]);

        scan[1] = 1; // congestion marking would be forgiven to a system
        Signatures.Match(Parse(scan)).ShouldBeNull();
    }

    [Theory]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    public void A_window_may_be_given_by_its_divisor(ushort window, bool fits)
    {
        byte[] packet = Convert.FromHexString("4500003400014000800600000a0000010a0000021234005000000007000000008002000000000000020405b40103030801010402");
        packet[34] = (byte)(window >> 8);
        packet[35] = (byte)window;

        (Signatures.Match(Parse(packet)) is not null).ShouldBe(fits);
    }

    [Fact]
    public void Answers_are_matched_against_their_own_section()
    {
        byte[] answer = LinuxBytes(id: 0);
        answer[33] = 0x12;
        answer[31] = 1;
        TcpStack.TryParseSynAck(answer, 0, out TcpStack? stack).ShouldBe(ParseStatus.Done);

        Signatures.Match(stack!)!.Label.Flavor.ShouldBe("server");
    }

    [Theory]
    [InlineData("*:64:0:*:*,*:mss:df")]
    [InlineData("5:64:0:*:*,*:mss::0")]
    [InlineData("*:0:0:*:*,*:mss::0")]
    [InlineData("*:64+?:0:*:*,*:mss::0")]
    [InlineData("*:200+100:0:*:*,*:mss::0")]
    [InlineData("*:64:*:*:*,*:mss::0")]
    [InlineData("*:64:0:70000:*,*:mss::0")]
    [InlineData("*:64:0:*:mss*0,*:mss::0")]
    [InlineData("*:64:0:*:%1,*:mss::0")]
    [InlineData("*:64:0:*:*:mss::0")]
    [InlineData("*:64:0:*:*,300:mss::0")]
    [InlineData("*:64:0:*:*,*:eol+1,mss::0")]
    [InlineData("*:64:0:*:*,*:tcp::0")]
    [InlineData("*:64:0:*:*,*:mss:dff:0")]
    [InlineData("4:64:0:*:*,*:mss:flow:0")]
    [InlineData("6:64:0:*:*,*:mss:df:0")]
    [InlineData("*:64:0:*:*,*:mss::1")]
    public void A_bad_signature_is_left_out_and_named(string signature)
    {
        P0fSignatures signatures = P0fSignatures.Parse($"[tcp:request]\nlabel = s:unix:X:\nsig = {signature}\n");

        signatures.Count.ShouldBe(0);
        signatures.Faults.ShouldHaveSingleItem().Line.ShouldBe(3);
    }

    [Theory]
    [InlineData("[tcp:request]\nsig = *:64:0:*:*,*:mss::0", 2)]
    [InlineData("[tcp:request]\nlabel = x:unix:X:", 2)]
    [InlineData("[tcp:request]\nnonsense", 2)]
    [InlineData("[tcp:request]\nflavour = 1", 2)]
    [InlineData("[udp]", 1)]
    [InlineData("[mtu]\nsig = 1500", 2)]
    [InlineData("[mtu]\nlabel = A\nsig = 70000", 3)]
    [InlineData("[mtu]\nlabel = A\nsig = 1500\nsig = 1500", 4)]
    public void A_bad_line_is_left_out_and_named(string text, int line)
    {
        P0fSignatures.Parse(text).Faults.ShouldHaveSingleItem().Line.ShouldBe(line);
    }

    private static TcpStack Linux(byte ttl = 64, byte flags = 0x40, byte id = 9, ushort window = 64240) => Parse(LinuxBytes(ttl, flags, id, window));

    private static byte[] LinuxBytes(byte ttl = 64, byte flags = 0x40, byte id = 9, ushort window = 64240)
    {
        byte[] packet = Convert.FromHexString("4500003c000040004006000" + "00a0000010a000002c00100501000000100000000a002faf000000000020405b40402080a0000007b0000000001030307");
        packet[5] = id;
        packet[6] = flags;
        packet[8] = ttl;
        packet[34] = (byte)(window >> 8);
        packet[35] = (byte)window;
        return packet;
    }

    private static TcpStack Parse(byte[] packet)
    {
        TcpStack.TryParseSyn(packet, out TcpStack? stack).ShouldBe(ParseStatus.Done);
        return stack!;
    }
}
