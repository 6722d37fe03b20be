using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Tls;

public sealed class DtlsReaderTests
{
    private static byte[] Hello => new HelloBytes { Version = 0xFEFD, Cookie = [1, 2, 3] }.WithSni("a.example").WithVersions(0xFEFC, 0xFEFD).Message();

    [Fact]
    public void Fragments_in_any_order_with_repetitions_and_overlaps_make_one_hello()
    {
        byte[] body = Hello[4..];
        DtlsReader reader = new();

        reader.Push(Datagram(body, 40, 60)).ShouldBe(ParseStatus.NeedMore);
        reader.Push(Datagram(body, 40, 60)).ShouldBe(ParseStatus.NeedMore);
        reader.Push(Datagram(body, 80, body.Length - 80)).ShouldBe(ParseStatus.NeedMore);
        reader.Push(Datagram(body, 0, 45)).ShouldBe(ParseStatus.Done);

        ClientHello hello = reader.Messages.ClientHellos.ShouldHaveSingleItem();
        hello.IsDtls.ShouldBeTrue();
        hello.Message[4..].SequenceEqual(body).ShouldBeTrue();
        hello.Cookie.ToArray().ShouldBe([1, 2, 3]);
        hello.ServerName.ShouldBe("a.example");
        Ja4.Value(hello, Ja4Transport.Dtls).ShouldStartWith("dd3d0302");
        Ja3.Text(hello).ShouldStartWith("65277,");
    }

    [Fact]
    public void A_repeated_message_is_taken_once()
    {
        byte[] body = Hello[4..];
        DtlsReader reader = new();

        reader.Push(Datagram(body, 0, body.Length)).ShouldBe(ParseStatus.Done);
        reader.Push(Datagram(body, 0, body.Length)).ShouldBe(ParseStatus.NeedMore);
        reader.Messages.ClientHellos.Count.ShouldBe(1);
    }

    [Fact]
    public void Two_fragments_may_share_a_record_and_two_records_a_datagram()
    {
        byte[] body = Hello[4..];
        DtlsReader reader = new();

        reader.Push([.. Datagram(body, 0, 50), .. Datagram(body, 50, body.Length - 50)]).ShouldBe(ParseStatus.Done);

        byte[] first = Datagram(body, 0, 50)[13..], second = Datagram(body, 50, body.Length - 50)[13..];
        DtlsReader other = new();
        other.Push([22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, .. HelloBytes.U16(first.Length + second.Length), .. first, .. second]).ShouldBe(ParseStatus.Done);
    }

    [Fact]
    public void A_fragment_that_lies_about_the_message_does_not_spoil_it()
    {
        byte[] body = Hello[4..];
        DtlsReader reader = new();

        reader.Push(Datagram(body, 0, 50)).ShouldBe(ParseStatus.NeedMore);
        reader.Push(Datagram([.. body, 0, 0], 50, body.Length - 48)).ShouldBe(ParseStatus.NeedMore);
        reader.Push(Datagram(body, 50, body.Length - 50)).ShouldBe(ParseStatus.Done);
    }

    [Fact]
    public void Encrypted_records_and_other_protocols_are_no_hellos()
    {
        byte[] encrypted = Datagram(Hello[4..], 0, Hello.Length - 4);
        encrypted[4] = 1;

        new DtlsReader().Push(encrypted).ShouldBe(ParseStatus.NeedMore);
        new DtlsReader().Push("\x2f\x01\x02"u8).ShouldBe(ParseStatus.Malformed);
        new DtlsReader().Push("GET / HTTP/1.1\r\n\r\n"u8).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Truncated_and_flipped_datagrams_never_throw()
    {
        byte[] datagram = Datagram(Hello[4..], 0, Hello.Length - 4);
        for (int n = 0; n < datagram.Length; n++)
        {
            new DtlsReader().Push(datagram.AsSpan(0, n)).ShouldNotBe(ParseStatus.Done);
        }

        DtlsReader reader = new();
        for (int bit = 0; bit < 8 * datagram.Length; bit++)
        {
            datagram[bit / 8] ^= (byte)(1 << (bit % 8));
            _ = reader.Push(datagram);
            datagram[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static byte[] Datagram(byte[] body, int offset, int length)
    {
        byte[] fragment =
        [
            1, 0, .. HelloBytes.U16(body.Length), 0, 7, 0, .. HelloBytes.U16(offset), 0, .. HelloBytes.U16(length),
            .. body.AsSpan(offset, length),
        ];
        return [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, .. HelloBytes.U16(fragment.Length), .. fragment];
    }
}
