using System.Text.Json;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using static Whorl.Fingerprints.Tests.Tls.OwnVectors;

namespace Whorl.Fingerprints.Tests.Tls;

public sealed class OwnVectorTests
{
    public static TheoryData<string> Names => [.. OwnVectors.Tls.Select(static r => Text(r, "name"))];

    public static TheoryData<string> ServerNames => [.. OwnVectors.Tls.Where(static r => r.TryGetProperty("server", out _)).Select(static r => Text(r, "name"))];

    public static TheoryData<string> DtlsNames => [.. Dtls.Select(static r => Text(r, "name"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recorded_client_has_the_ja3_of_tshark_and_the_ja4_of_the_rule(string name)
    {
        JsonElement row = TlsNamed(name);

        ClientHello.TryReadRecords(Bytes(row, "client"), out ClientHello? hello, out _).ShouldBe(ParseStatus.Done);

        Ja3.Text(hello!).ShouldBe(Text(row, "ja3_full"));
        Ja3.Hash(hello!).ShouldBe(Text(row, "ja3"));
        Ja4.Of(hello!, Ja4Transport.Tcp).ShouldBe(new Ja4Forms(Text(row, "ja4"), Text(row, "ja4_r"), Text(row, "ja4_o"), Text(row, "ja4_ro")));
    }

    [Theory]
    [MemberData(nameof(ServerNames))]
    public void A_recorded_server_has_the_ja3s_of_tshark(string name)
    {
        JsonElement row = TlsNamed(name);

        ServerHello.TryReadRecords(Bytes(row, "server"), out ServerHello? hello, out _).ShouldBe(ParseStatus.Done);

        Ja3S.Text(hello!).ShouldBe(Text(row, "ja3s_full"));
        Ja3S.Hash(hello!).ShouldBe(Text(row, "ja3s"));
    }

    [Theory]
    [MemberData(nameof(DtlsNames))]
    public void A_recorded_dtls_association_has_the_ja3_and_ja3s_of_tshark(string name)
    {
        JsonElement row = Dtls.Single(r => Text(r, "name") == name);
        DtlsReader client = new(), server = new();

        foreach (JsonElement datagram in row.GetProperty("client").EnumerateArray())
        {
            client.Push(Convert.FromHexString(datagram.GetString()!)).ShouldNotBe(ParseStatus.Malformed);
        }

        foreach (JsonElement datagram in row.GetProperty("server").EnumerateArray())
        {
            server.Push(Convert.FromHexString(datagram.GetString()!)).ShouldNotBe(ParseStatus.Malformed);
        }

        client.Messages.ClientHellos.Select(Ja3.Hash).ShouldBe(row.GetProperty("ja3").EnumerateArray().Select(static j => j.GetString()!));
        server.Messages.ServerHellos.Select(Ja3S.Hash).ShouldBe(row.GetProperty("ja3s").EnumerateArray().Select(static j => j.GetString()!));
        client.Messages.ClientHellos[0].Cookie.Length.ShouldBe(0);
        client.Messages.ClientHellos[1].Cookie.Length.ShouldBeGreaterThan(0);
        server.Messages.Certificates!.Certificates.Count.ShouldBe(1);
    }

    [Fact]
    public void Chromium_is_read_down_to_its_post_quantum_share()
    {
        ClientHello.TryReadRecords(Bytes(TlsNamed("chromium"), "client"), out ClientHello? hello, out _).ShouldBe(ParseStatus.Done);

        hello!.ServerName.ShouldBe("vectors.test");
        hello.AlpnProtocols.ShouldBe(["h2", "http/1.1"]);
        hello.HasGrease.ShouldBeTrue();
        hello.OffersEncryptedClientHello.ShouldBeTrue();
        hello.SupportedVersions.Where(static v => !Grease.Is(v)).ShouldBe(new ushort[] { 0x0304, 0x0303 });
        hello.KeyShareGroups.Where(static g => !Grease.Is(g)).ShouldBe(new ushort[] { 0x11EC, 0x001D });
        hello.SupportedGroups.Count.ShouldBe(5);
        hello.CompressionMethods.ToArray().ShouldBe([0]);
        hello.SessionId.Length.ShouldBe(32);
        hello.Random.Length.ShouldBe(32);
    }

    [Theory]
    [InlineData("openssl", TlsResumption.None)]
    [InlineData("openssl tls 1.2", TlsResumption.None)]
    [InlineData("chromium", TlsResumption.None)]
    [InlineData("resumed tls 1.3 psk", TlsResumption.PreSharedKey)]
    [InlineData("resumed tls 1.2 ticket", TlsResumption.SessionTicket)]
    public void The_kind_of_resumption_is_told(string name, TlsResumption expected)
    {
        ClientHello.TryReadRecords(Bytes(TlsNamed(name), "client"), out ClientHello? hello, out _).ShouldBe(ParseStatus.Done);

        hello!.Resumption.ShouldBe(expected);
    }

    [Fact]
    public void A_resumed_session_changes_ja4_and_not_the_stable_fingerprint()
    {
        ClientHello.TryReadRecords(Bytes(TlsNamed("openssl"), "client"), out ClientHello? fresh, out _).ShouldBe(ParseStatus.Done);
        ClientHello.TryReadRecords(Bytes(TlsNamed("resumed tls 1.3 psk"), "client"), out ClientHello? resumed, out _).ShouldBe(ParseStatus.Done);
        ClientHello.TryReadRecords(Bytes(TlsNamed("openssl no sni"), "client"), out ClientHello? nameless, out _).ShouldBe(ParseStatus.Done);
        ClientHello.TryReadRecords(Bytes(TlsNamed("openssl odd groups"), "client"), out ClientHello? other, out _).ShouldBe(ParseStatus.Done);

        Ja4.Value(resumed!, Ja4Transport.Tcp).ShouldNotBe(Ja4.Value(fresh!, Ja4Transport.Tcp));
        string stable = StableHello.Value(fresh!, Ja4Transport.Tcp);
        stable.Length.ShouldBe(StableHello.ValueLength);
        StableHello.Value(resumed!, Ja4Transport.Tcp).ShouldBe(stable);
        StableHello.Value(nameless!, Ja4Transport.Tcp).ShouldBe(stable);
        StableHello.Value(other!, Ja4Transport.Tcp).ShouldNotBe(stable);
    }

    [Fact]
    public void The_stable_fingerprint_follows_its_written_definition()
    {
        byte[] message = new HelloBytes { Ciphers = [0xC02F, 0x2A2A, 0x1301] }
            .WithSni("a.example").With(35).With(0x1A1A).With(45, 1, 1).WithList16(13, 0x0804, 0x0403).WithAlpn([.. "h2"u8])
            .WithVersions(0x0304).With(21, 0, 0).WithList16(10, 29).Message();
        ClientHello.TryParse(message, out ClientHello? hello).ShouldBe(ParseStatus.Done);

        StableHello.Value(hello!, Ja4Transport.Quic).ShouldBe($"ws1_q130203h2_{Short("1301,c02f")}_{Short("000a,000d,002b_0804,0403")}");
    }

    [Fact]
    public void A_hello_retry_request_is_told_from_a_hello_and_both_sides_are_read_to_their_ends()
    {
        TlsStreamReader server = new();
        server.Push(Bytes(TlsNamed("relay openssl 1.3 hello retry"), "server")).ShouldBe(ParseStatus.Done);

        server.Messages.ServerHellos.Select(static h => h.IsHelloRetryRequest).ShouldBe([true, false]);
        server.Messages.ServerHellos[0].KeyShareGroup.ShouldBe((ushort)24);
        server.Messages.ServerHellos[1].Version.ShouldBe((ushort)0x0304);
        server.Messages.Certificates.ShouldBeNull();
    }

    [Fact]
    public void A_resumed_tls_13_server_accepts_the_key_and_tls_12_shows_its_certificate_only_when_not_resumed()
    {
        TlsStreamReader psk = new(), fresh = new(), resumed = new();
        _ = psk.Push(Bytes(TlsNamed("resumed tls 1.3 psk"), "server"));
        _ = fresh.Push(Bytes(TlsNamed("relay openssl 1.2"), "server"));
        _ = resumed.Push(Bytes(TlsNamed("resumed tls 1.2 ticket"), "server"));

        psk.Messages.ServerHellos[0].AcceptsPreSharedKey.ShouldBeTrue();
        fresh.Messages.ServerHellos[0].AlpnProtocol.ShouldBe("http/1.1");
        fresh.Messages.Certificates!.Certificates.Count.ShouldBe(1);
        fresh.Messages.Certificates.Certificates[0].Span[0].ShouldBe((byte)0x30);
        resumed.Messages.Certificates.ShouldBeNull();
    }

    private static string Short(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text)))[..12];
}
