using Whorl.Fingerprints.Quic;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Quic;

public sealed class QuicHandshakeTests
{
    private static readonly byte[] Hello = SealedPackets.Message(300);

    [Theory]
    [InlineData(QuicVersions.Version1, 1)]
    [InlineData(QuicVersions.Version1, 4)]
    [InlineData(QuicVersions.Version2, 2)]
    [InlineData(0xFF00001D, 3)]
    [InlineData(0x0A0A0A0A, 2)]
    public void A_hello_in_one_packet_is_read(uint version, int numberLength)
    {
        QuicHandshake handshake = new();

        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello), version, number: 0x7B, numberLength: numberLength)).ShouldBe(ParseStatus.Done);

        handshake.ClientHello.ToArray().ShouldBe(Hello);
        handshake.Version.ShouldBe(version);
        handshake.HasToken.ShouldBeFalse();
    }

    [Fact]
    public void A_hello_cut_shuffled_and_padded_over_datagrams_is_put_together()
    {
        byte[] first = SealedPackets.Initial([.. new byte[5], .. SealedPackets.Crypto(200, Hello.AsSpan(200)), 1, .. SealedPackets.Crypto(0, Hello.AsSpan(0, 90))]);
        byte[] second = SealedPackets.Initial([2, 0, 0, 0, 0, .. SealedPackets.Crypto(80, Hello.AsSpan(80, 120)), 0, 0], number: 1);
        QuicHandshake handshake = new();

        handshake.AddFromClient(first).ShouldBe(ParseStatus.NeedMore);
        handshake.ClientHello.IsEmpty.ShouldBeTrue();
        handshake.AddFromClient(second).ShouldBe(ParseStatus.Done);

        handshake.ClientHello.ToArray().ShouldBe(Hello);
    }

    [Fact]
    public void Two_packets_in_one_datagram_are_both_read()
    {
        byte[] datagram = [.. SealedPackets.Initial(SealedPackets.Crypto(0, Hello.AsSpan(0, 100))), .. SealedPackets.Initial(SealedPackets.Crypto(100, Hello.AsSpan(100)), number: 1), 0x40, 1, 2];
        QuicHandshake handshake = new();

        handshake.AddFromClient(datagram).ShouldBe(ParseStatus.Done);
        handshake.ClientHello.ToArray().ShouldBe(Hello);
    }

    [Fact]
    public void The_answer_is_opened_with_the_first_id_of_the_client()
    {
        byte[] answer = SealedPackets.Initial(SealedPackets.Crypto(0, Hello), id: [9, 9], keyId: SealedPackets.FirstId, ofClient: false);
        QuicHandshake handshake = new();

        handshake.AddFromServer(answer).ShouldBe(ParseStatus.Malformed);
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello.AsSpan(0, 9)))).ShouldBe(ParseStatus.NeedMore);
        handshake.AddFromServer(answer).ShouldBe(ParseStatus.Done);

        handshake.ServerHello.ToArray().ShouldBe(Hello);
    }

    [Fact]
    public void Later_packets_may_carry_the_id_that_the_server_chose()
    {
        QuicHandshake handshake = new();
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello.AsSpan(0, 100))));

        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(100, Hello.AsSpan(100)), id: [7, 7, 7], keyId: SealedPackets.FirstId, number: 1)).ShouldBe(ParseStatus.Done);
    }

    [Fact]
    public void After_a_retry_the_new_id_counts()
    {
        byte[] retry = [0xF0, 0, 0, 0, 1, 0, 2, 5, 5, 1, 2, 3, 4, .. new byte[16]];
        QuicHandshake handshake = new();
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello.AsSpan(0, 100)))).ShouldBe(ParseStatus.NeedMore);

        handshake.AddFromServer(retry).ShouldBe(ParseStatus.NeedMore);
        handshake.RetrySeen.ShouldBeTrue();
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello), id: [5, 5], token: [1, 2, 3, 4])).ShouldBe(ParseStatus.Done);
        handshake.AddFromServer(SealedPackets.Initial(SealedPackets.Crypto(0, Hello), id: [], keyId: [5, 5], ofClient: false)).ShouldBe(ParseStatus.Done);
    }

    [Fact]
    public void After_version_negotiation_the_client_begins_anew()
    {
        byte[] other = SealedPackets.Message(50);
        QuicHandshake handshake = new();
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, other), version: 0x1A1A1A1A)).ShouldBe(ParseStatus.Done);

        handshake.AddFromServer([0x80, 0, 0, 0, 0, 1, 7, 1, 8, 0, 0, 0, 1, 0x6B, 0x33, 0x43, 0xCF]).ShouldBe(ParseStatus.NeedMore);
        handshake.OfferedVersions.ShouldBe([QuicVersions.Version1, QuicVersions.Version2]);
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello), id: [4, 4, 4])).ShouldBe(ParseStatus.Done);
        handshake.ClientHello.ToArray().ShouldBe(Hello);
    }

    [Fact]
    public void A_token_in_the_first_packet_is_noted()
    {
        QuicHandshake handshake = new();
        handshake.AddFromClient(SealedPackets.Initial(SealedPackets.Crypto(0, Hello), token: [1, 2, 3]));

        handshake.HasToken.ShouldBeTrue();
    }

    [Fact]
    public void Two_messages_in_one_stream_are_both_given()
    {
        byte[] second = SealedPackets.Message(60);
        QuicHandshake handshake = new();
        handshake.AddFromClient(SealedPackets.Initial([.. SealedPackets.Crypto(0, Hello), .. SealedPackets.Crypto(300, second)]));

        handshake.ClientMessages.Select(message => message.Length).ShouldBe([300, 60]);
    }

    [Fact]
    public void Every_flipped_bit_of_a_packet_is_refused()
    {
        byte[] packet = SealedPackets.Initial(SealedPackets.Crypto(0, Hello.AsSpan(0, 40)));
        for (int bit = 0; bit < packet.Length * 8; bit++)
        {
            byte[] forged = [.. packet];
            forged[bit / 8] ^= (byte)(1 << (bit % 8));

            // A changed header byte or id changes keys or authenticated data; whichever it is, nothing is opened.
            new QuicHandshake().AddFromClient(forged).ShouldBe(ParseStatus.Malformed, $"bit {bit}");
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] packet = SealedPackets.Initial(SealedPackets.Crypto(0, Hello));
        for (int length = 0; length < packet.Length; length++)
        {
            QuicPacket.TryParse(packet.AsSpan(0, length), out _, out _).ShouldBe(ParseStatus.NeedMore);
            new QuicHandshake().AddFromClient(packet.AsSpan(0, length)).ShouldBe(ParseStatus.Malformed);
        }
    }

    [Fact]
    public void Well_sealed_nonsense_never_throws_and_stays_bounded()
    {
        Random random = new(7);
        QuicHandshake handshake = new();
        for (int i = 0; i < 2000; i++)
        {
            byte[] frames = new byte[random.Next(20, 200)];
            random.NextBytes(frames);
            frames[0] = (byte)random.Next(8);
            handshake = i % 100 == 0 ? new QuicHandshake() : handshake;
            handshake.AddFromClient(SealedPackets.Initial(frames, number: (uint)i)).ShouldBeOneOf(ParseStatus.NeedMore, ParseStatus.Done, ParseStatus.Malformed);
        }
    }

    [Fact]
    public void Random_datagrams_never_throw()
    {
        Random random = new(8);
        byte[] datagram = new byte[80];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(datagram);
            datagram[0] |= 0xC0;
            datagram.AsSpan(1, 4).Clear();
            datagram[4] = (byte)(i % 3);
            QuicHandshake handshake = new();
            handshake.AddFromClient(datagram.AsSpan(0, random.Next(80))).ShouldNotBe(ParseStatus.Done);
            handshake.AddFromServer(datagram).ShouldNotBe(ParseStatus.Done);
        }
    }

    [Fact]
    public void A_piece_beyond_any_hello_is_not_kept()
    {
        QuicHandshake handshake = new();

        handshake.AddFromClient(SealedPackets.Initial([.. SealedPackets.Crypto(70_000, Hello), .. SealedPackets.Crypto(0, Hello)])).ShouldBe(ParseStatus.NeedMore);
    }
}
