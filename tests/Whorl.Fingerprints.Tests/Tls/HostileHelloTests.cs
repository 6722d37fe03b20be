using System.Text.Json;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using static Whorl.Fingerprints.Tests.Tls.OwnVectors;

namespace Whorl.Fingerprints.Tests.Tls;

/// <summary>What a peer can do to the parsers: cut, flip, split, lie about lengths.</summary>
public sealed class HostileHelloTests
{
    [Fact]
    public void Every_truncation_asks_for_more()
    {
        foreach (JsonElement row in OwnVectors.Tls)
        {
            byte[] stream = Bytes(row, "client");
            for (int n = 0; n < stream.Length; n++)
            {
                ClientHello.TryReadRecords(stream.AsSpan(0, n), out ClientHello? hello, out int consumed).ShouldBe(ParseStatus.NeedMore);
                hello.ShouldBeNull();
                consumed.ShouldBe(0);
            }

            ClientHello.TryParse(stream.AsSpan(5, stream.Length - 6), out _).ShouldBe(ParseStatus.NeedMore);
        }
    }

    [Fact]
    public void Every_truncation_of_a_server_hello_asks_for_more()
    {
        byte[] stream = Bytes(TlsNamed("relay openssl 1.2"), "server");
        int whole = 9 + ((stream[6] << 16) | (stream[7] << 8) | stream[8]);
        for (int n = 0; n < whole; n++)
        {
            ServerHello.TryReadRecords(stream.AsSpan(0, n), out _, out _).ShouldBe(ParseStatus.NeedMore);
        }

        ServerHello.TryReadRecords(stream.AsSpan(0, whole), out _, out _).ShouldBe(ParseStatus.Done);
    }

    [Fact]
    public void No_flipped_bit_makes_a_parser_or_a_fingerprint_throw()
    {
        _ = Parallel.ForEach(OwnVectors.Tls, static row =>
        {
            Flip(Bytes(row, "client"));
            Flip(row.TryGetProperty("server", out _) ? Bytes(row, "server") : []);
        });
    }

    [Fact]
    public void Random_bytes_never_make_a_parser_throw()
    {
        Random random = new(7);
        byte[] bytes = new byte[600];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            Span<byte> input = bytes.AsSpan(0, random.Next(bytes.Length));

            // Half of the inputs get past the first checks.
            if (i % 2 == 0 && input.Length > 9)
            {
                ReadOnlySpan<byte> start = [22, 3, 1, (byte)((input.Length - 5) >> 8), (byte)(input.Length - 5), (byte)(1 + (i / 2 % 2)), 0, (byte)((input.Length - 9) >> 8), (byte)(input.Length - 9)];
                start.CopyTo(input);
            }

            Touch(input);
        }
    }

    [Fact]
    public void A_hello_in_records_of_any_size_is_the_same_hello()
    {
        byte[] message = new HelloBytes().WithSni("a.example").WithVersions(0x0304).WithList16(10, 29).Message();
        ClientHello.TryParse(message, out ClientHello? expected).ShouldBe(ParseStatus.Done);
        for (int size = 1; size <= message.Length; size++)
        {
            byte[] stream = HelloBytes.Records(message, size);

            ClientHello.TryReadRecords(stream, out ClientHello? hello, out int consumed).ShouldBe(ParseStatus.Done);
            consumed.ShouldBe(stream.Length);
            hello!.Message.SequenceEqual(expected!.Message).ShouldBeTrue();
            ClientHello.TryReadRecords(stream.AsSpan(0, stream.Length - 1), out _, out _).ShouldBe(ParseStatus.NeedMore);
        }
    }

    [Fact]
    public void A_stream_cut_in_two_anywhere_is_the_same_stream()
    {
        foreach (JsonElement row in OwnVectors.Tls)
        {
            byte[] client = Bytes(row, "client");
            for (int cut = 0; cut <= client.Length; cut++)
            {
                TlsStreamReader reader = new();
                _ = reader.Push(client.AsSpan(0, cut));
                _ = reader.Push(client.AsSpan(cut));
                Ja3.Hash(reader.Messages.ClientHellos.ShouldHaveSingleItem()).ShouldBe(Text(row, "ja3"));
            }
        }
    }

    [Fact]
    public void A_stream_that_comes_byte_by_byte_is_the_same_stream()
    {
        byte[] server = Bytes(TlsNamed("relay openssl 1.2"), "server");
        TlsStreamReader whole = new(), slow = new();
        _ = whole.Push(server);
        foreach (byte each in server)
        {
            _ = slow.Push([each]);
        }

        Ja3S.Hash(slow.Messages.ServerHellos.ShouldHaveSingleItem()).ShouldBe(Ja3S.Hash(whole.Messages.ServerHellos[0]));
        slow.Messages.Certificates!.Certificates[0].Span.SequenceEqual(whole.Messages.Certificates!.Certificates[0].Span).ShouldBeTrue();
    }

    [Theory]
    [InlineData("474554202F20")] // HTTP
    [InlineData("802E0103010015")] // an SSLv2-style hello
    [InlineData("15030100020228")] // an alert
    [InlineData("1603010000")] // an empty record
    [InlineData("1603014001")] // a record over 2^14
    [InlineData("16030100040B000000")] // another message
    [InlineData("160301000401010000")] // a hello over 64 KiB
    [InlineData("1602")] // SSLv2 as major version
    public void What_can_never_become_a_hello_is_refused_at_once(string hex) =>
        ClientHello.TryReadRecords(Convert.FromHexString(hex), out _, out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void A_frame_that_contradicts_itself_is_refused()
    {
        byte[] hello = new HelloBytes().WithSni("a.example").Message();
        byte[] oddCiphers = new HelloBytes { Ciphers = [1, 2] }.Message();
        oddCiphers[4 + 2 + 32 + 1 + 32 + 1] = 3;

        ClientHello.TryParse([1, 0, hello[2], (byte)(hello[3] + 1), .. hello.AsSpan(4), 0], out _).ShouldBe(ParseStatus.Malformed);
        ClientHello.TryParse([1, 0, hello[2], (byte)(hello[3] - 1), .. hello.AsSpan(4)], out _).ShouldBe(ParseStatus.Malformed);
        ClientHello.TryParse(oddCiphers, out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void An_extension_that_contradicts_its_own_length_keeps_its_type_and_the_whole_elements_there()
    {
        byte[] message = new HelloBytes().With(10, 0, 9, 0, 29, 0).With(11, 200, 1, 2).With(43, 3, 3, 4, 3).With(16, 0, 9, 2, (byte)'h', (byte)'2', 7).With(0, 0).With(51, 0, 8, 0, 29, 0, 99).Message();

        ClientHello.TryParse(message, out ClientHello? hello).ShouldBe(ParseStatus.Done);

        hello!.Extensions.ShouldBe(new ushort[] { 10, 11, 43, 16, 0, 51 });
        hello.SupportedGroups.ShouldBe(new ushort[] { 29 });
        hello.PointFormats.ToArray().ShouldBe([1, 2]);
        hello.SupportedVersions.ShouldBe(new ushort[] { 0x0304 });
        hello.AlpnProtocols.ShouldBe(["h2"]);
        hello.ServerName.ShouldBeNull();
        hello.KeyShareGroups.Count.ShouldBe(0);
    }

    [Fact]
    public void Of_a_repeated_extension_the_first_counts_and_both_are_listed()
    {
        byte[] message = new HelloBytes().WithList16(10, 29).WithList16(10, 23, 24).Message();

        ClientHello.TryParse(message, out ClientHello? hello).ShouldBe(ParseStatus.Done);

        Ja3.Text(hello!).ShouldEndWith(",10-10,29,");
    }

    private static void Flip(byte[] bytes)
    {
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Touch(bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static void Touch(ReadOnlySpan<byte> bytes)
    {
        if (ClientHello.TryReadRecords(bytes, out ClientHello? client, out _) == ParseStatus.Done)
        {
            _ = Ja3.Hash(client!).Length + Ja4.Value(client!, Ja4Transport.Tcp).Length + StableHello.Value(client!, Ja4Transport.Tcp).Length;
            _ = client!.ServerName is null || client.AlpnProtocols.Count + (int)client.Resumption + client.KeyShareGroups.Count > 0;
        }

        if (ServerHello.TryReadRecords(bytes, out ServerHello? server, out _) == ParseStatus.Done)
        {
            _ = Ja3S.Hash(server!).Length + server!.Version + (server.AlpnProtocol?.Length ?? 0) + (server.KeyShareGroup ?? 0);
        }

        TlsStreamReader stream = new();
        _ = stream.Push(bytes);
        DtlsReader datagrams = new();
        _ = datagrams.Push(bytes);
    }
}
