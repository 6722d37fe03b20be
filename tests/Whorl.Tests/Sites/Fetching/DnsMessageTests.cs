using System.Buffers.Binary;
using System.Net;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Sites.Fetching.Names;

namespace Whorl.Tests.Sites.Fetching;

public sealed class DnsMessageTests
{
    // What a resolver sent for example.com A, AAAA of a name with aliases, and MX: headers, compression and all, taken apart by hand from RFC 1035 §4.1.4.
    private static readonly byte[] Answer =
    [
        0x12, 0x34, 0x81, 0x80, 0, 1, 0, 4, 0, 1, 0, 0,
        3, .. "WWW"u8, 7, .. "example"u8, 3, .. "com"u8, 0, 0, 1, 0, 1,
        0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3, .. "cdn"u8, 0xC0, 16,
        0xC0, 45, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1,
        0xC0, 16, 0, 15, 0, 1, 0, 0, 0, 60, 0, 9, 0, 5, 4, .. "mail"u8, 0xC0, 16,
        0xC0, 16, 0, 16, 0, 1, 0, 0, 0, 60, 0, 8, 3, .. "a b"u8, 3, .. "c\\\x01"u8,
        0xC0, 16, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22, 0xC0, 12, .. new byte[20],
    ];

    [Fact]
    public void An_answer_is_read_with_its_compressed_names()
    {
        DnsMessage.TryRead(Answer, out DnsMessage? message).ShouldBe(ParseStatus.Done);
        (message!.Id, message.IsAnswer, message.Code, message.Question, message.QuestionType).ShouldBe(((ushort)0x1234, true, 0, "www.example.com", DnsType.A));
        message.Answers.Select(record => (record.Owner, record.Type, record.Text, record.Preference, record.Address?.ToString())).ShouldBe(
        [
            ("www.example.com", DnsType.Cname, "cdn.example.com", 0, null),
            ("cdn.example.com", DnsType.A, "", 0, "192.0.2.1"),
            ("example.com", DnsType.Mx, "mail.example.com", 5, null),
            ("example.com", DnsType.Txt, "a bc\\092\\001", 0, null),
        ]);
        message.Authority.ShouldHaveSingleItem().ShouldBe(new DnsRecord("example.com", DnsType.Soa, "www.example.com"));
    }

    [Fact]
    public void No_truncation_and_no_flipped_bit_throws()
    {
        for (int n = 0; n < Answer.Length; n++)
        {
            DnsMessage.TryRead(Answer.AsSpan(0, n), out DnsMessage? cut).ShouldNotBe(ParseStatus.Done);
            cut.ShouldBeNull();
        }

        byte[] bytes = [.. Answer];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            DnsMessage.TryRead(bytes, out DnsMessage? message).ShouldBe(message is null ? ParseStatus.Malformed : ParseStatus.Done);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xC0, 12 })]
    [InlineData(new byte[] { 0xC0, 14, 0xC0, 12 })]
    [InlineData(new byte[] { 1, 97, 0xC0, 12 })]
    [InlineData(new byte[] { 0xFF, 0xFF })]
    [InlineData(new byte[] { 64 })]
    public void A_name_that_leads_nowhere_or_to_itself_ends(byte[] name)
    {
        byte[] message = [0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. name, 0, 1, 0, 1];
        DnsMessage.TryRead(message, out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void A_name_of_more_than_255_bytes_is_none()
    {
        byte[] label = [63, .. Enumerable.Repeat((byte)'a', 63)];
        byte[] message = [0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. label, .. label, .. label, .. label, 0, 0, 1, 0, 1];
        DnsMessage.TryRead(message, out _).ShouldBe(ParseStatus.Malformed);
        DnsMessage.WriteQuestion(1, new string('a', 64) + ".test", DnsType.A, new byte[512]).ShouldBe(0);
        DnsMessage.WriteQuestion(1, string.Join('.', Enumerable.Repeat(new string('a', 63), 4)), DnsType.A, new byte[512]).ShouldBe(0);
        DnsMessage.WriteQuestion(1, "a..test", DnsType.A, new byte[512]).ShouldBe(0);
    }

    [Fact]
    public async Task What_does_not_answer_the_question_is_not_heard()
    {
        await using FakeNames names = new();
        names.Address("shop.test", "192.0.2.7");
        names.Forged = question =>
        {
            byte[] other = [.. question];
            BinaryPrimitives.WriteUInt16BigEndian(other, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(other) + 1));
            other[2] = 0x80;
            return other;
        };
        DnsReply reply = await new DnsClient([names.EndPoint]).AskAsync("shop.test", DnsType.A, TestContext.Current.CancellationToken);
        reply.Answers.ShouldHaveSingleItem().Address.ToString().ShouldBe("192.0.2.7");
    }

    [Fact]
    public async Task An_answer_that_was_cut_is_asked_for_again_over_tcp()
    {
        await using FakeNames names = new();
        names.Add("long.test", DnsType.Txt, [.. Enumerable.Range(0, 200).Select(n => FakeNames.Record(DnsType.Txt, [20, .. Enumerable.Repeat((byte)'x', 20)]))]);
        names.Long.Add("long.test");
        DnsReply reply = await new DnsClient([names.EndPoint]).AskAsync("long.test", DnsType.Txt, TestContext.Current.CancellationToken);
        reply.Answers.Count.ShouldBe(200);
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_told_from_a_server_that_is_not()
    {
        await using FakeNames names = new();
        (await new DnsClient([names.EndPoint]).AskAsync("nobody.test", DnsType.A, TestContext.Current.CancellationToken)).ShouldBe(new([], [], true, null), new SameReply());
        DnsReply dead = await new DnsClient([new IPEndPoint(IPAddress.Loopback, 9)]).AskAsync("nobody.test", DnsType.A, TestContext.Current.CancellationToken);
        (dead.NoSuchName, dead.Fault is not null).ShouldBe((false, true));
    }

    [Fact]
    public void The_system_s_files_are_read()
    {
        DnsClient.ServersOf("# x\nnameserver 192.0.2.1\nsearch a\nnameserver 2001:db8::1\n").Select(server => server.ToString()).ShouldBe(["192.0.2.1:53", "[2001:db8::1]:53"]);
        DnsClient.ServersOf("").ShouldHaveSingleItem().ToString().ShouldBe("127.0.0.1:53");
        HostsFile hosts = HostsFile.Parse("127.0.0.1 localhost Box # x\n::1 localhost\nbad line\n");
        hosts.Find("localhost").Select(address => address.ToString()).ShouldBe(["127.0.0.1", "::1"]);
        hosts.Find("box").Count.ShouldBe(1);
        hosts.Find("other").ShouldBeEmpty();
    }

    private sealed class SameReply : IEqualityComparer<DnsReply>
    {
        public bool Equals(DnsReply? x, DnsReply? y) => x!.Answers.Count == y!.Answers.Count && x.NoSuchName == y.NoSuchName && x.Fault == y.Fault;

        public int GetHashCode(DnsReply obj) => 0;
    }
}
