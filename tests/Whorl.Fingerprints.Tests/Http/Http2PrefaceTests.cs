using System.Text.Json;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Tests.Tls;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Http;

public sealed class Http2PrefaceTests
{
    private static readonly byte[] EmptySettings = Frame(4, 0, 0);

    // :method GET, :scheme https, :path /, :authority "a" without indexing.
    private static readonly byte[] Request = Frame(1, 5, 1, 0x82, 0x87, 0x84, 0x01, 1, (byte)'a');

    // curl 7.88 and Chromium as recorded; curl's values are also those of nghttp2's defaults that curl sets.
    [Theory]
    [InlineData("curl", "3:100;4:33554432;2:0|33488897|0|m,p,s,a", ":method,:path,:scheme,:authority,user-agent,accept")]
    [InlineData("curl post", "3:100;4:33554432;2:0|33488897|0|m,p,s,a", ":method,:path,:scheme,:authority,user-agent,accept,cookie,x-odd,content-length,content-type")]
    [InlineData("chromium", "1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p", null)]
    public void A_recorded_client_has_its_published_form(string name, string text, string? names)
    {
        Read(Client(name)).Text.ShouldBe(text);
        if (names is not null)
        {
            Read(Client(name)).HeaderNames.ShouldBe(names.Split(','));
        }
    }

    [Fact]
    public void The_hash_is_the_md5_of_the_text()
    {
        // The value that public lists give for Chrome since 106.
        Read(Client("chromium")).Hash().ShouldBe("52d84b11737d980aef856699f885ca86");
    }

    [Fact]
    public void Priorities_settings_and_windows_are_written_as_akamai_published_them()
    {
        byte[] opening =
        [
            .. Http2Preface.Magic,
            .. Frame(4, 0, 0, 0, 1, 0, 1, 0, 0, 0, 4, 0, 2, 0, 0, 0, 5, 0, 0, 0x40, 0),
            .. Frame(8, 0, 0, 0, 0xBF, 0, 1),
            .. Frame(2, 0, 3, 0, 0, 0, 0, 200),
            .. Frame(2, 0, 5, 0x80, 0, 0, 3, 100),
            .. Frame(1, 0x25, 15, 0x80, 0, 0, 13, 41, 0x82, 0x84, 0x87, 0x01, 1, (byte)'a'),
        ];

        Http2Fingerprint fingerprint = Read(opening);

        fingerprint.Text.ShouldBe("1:65536;4:131072;5:16384|12517377|3:0:0:201,5:1:3:101|m,p,s,a");
        fingerprint.HeadersPriority.ShouldBe(new Http2Priority(15, true, 13, 42));
    }

    [Fact]
    public void What_is_absent_is_written_as_published() =>
        Read([.. Http2Preface.Magic, .. EmptySettings, .. Request]).Text.ShouldBe("|00|0|m,s,p,a");

    [Fact]
    public void Padding_continuations_and_unknown_frames_change_nothing()
    {
        byte[] plain = [.. Http2Preface.Magic, .. EmptySettings, .. Request];
        byte[] odd =
        [
            .. Http2Preface.Magic, .. EmptySettings, .. Frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8), .. Frame(0xBB, 0, 0, 1),
            .. Frame(1, 0x08 | 1, 1, 2, 0x82, 0x87, 0, 0), .. Frame(9, 0, 1, 0x84), .. Frame(9, 0, 1), .. Frame(9, 4, 1, 0x01, 1, (byte)'a'),
        ];

        Read(odd).Text.ShouldBe(Read(plain).Text);
        Read(odd).HeaderNames.ShouldBe(Read(plain).HeaderNames);
    }

    [Fact]
    public void Names_come_from_the_dynamic_table_too_until_it_evicts_them()
    {
        // Stores "x: 1", names it again by index 62, shrinks the table to nothing, and then may not name it any more.
        byte[] good = [0x40, 1, (byte)'x', 1, (byte)'1', 0xBE, 0x7E, 1, (byte)'2'];
        Read([.. Http2Preface.Magic, .. EmptySettings, .. Frame(1, 4, 1, good)]).HeaderNames.ShouldBe(["x", "x", "x"]);

        byte[] evicted = [.. good, 0x20, 0xBE];
        Http2Preface.TryParse([.. Http2Preface.Magic, .. EmptySettings, .. Frame(1, 4, 1, evicted)], out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Huffman_coded_names_are_read()
    {
        // RFC 7541 C.4.3: custom-key: custom-value, both Huffman coded.
        byte[] block = [0x40, 0x88, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xA9, 0x7D, 0x7F, 0x89, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xB8, 0xE8, 0xB4, 0xBF];

        Read([.. Http2Preface.Magic, .. EmptySettings, .. Frame(1, 4, 1, block)]).HeaderNames.ShouldBe(["custom-key"]);
    }

    [Theory]
    [InlineData("0080")] // index 0
    [InlineData("00FF80808080808001")] // a number without end
    [InlineData("40817F")] // padding longer than 7 bits
    [InlineData("4084FFFFFFFF")] // the end-of-string symbol
    [InlineData("4005616263")] // a name longer than the block
    [InlineData("3FFFFF03")] // a table larger than agreed
    public void A_broken_header_block_is_refused(string hex) =>
        Http2Preface.TryParse([.. Http2Preface.Magic, .. EmptySettings, .. Frame(1, 4, 1, Convert.FromHexString(hex))], out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void A_connection_that_does_not_open_as_the_rule_says_is_refused()
    {
        Status("GET / HTTP/1.1\r\n"u8.ToArray()).ShouldBe(ParseStatus.Malformed);
        Status([.. Http2Preface.Magic, .. Request]).ShouldBe(ParseStatus.Malformed);
        Status([.. Http2Preface.Magic, .. Frame(4, 1, 0)]).ShouldBe(ParseStatus.Malformed);
        Status([.. Http2Preface.Magic, .. Frame(4, 0, 0, 1)]).ShouldBe(ParseStatus.Malformed);
        Status([.. Http2Preface.Magic, .. EmptySettings, .. Frame(9, 4, 1)]).ShouldBe(ParseStatus.Malformed);
        Status([.. Http2Preface.Magic, 0, 0x40, 1]).ShouldBe(ParseStatus.Malformed);
        Status([.. Http2Preface.Magic, .. EmptySettings, .. Frame(1, 1, 1, 0x82), .. Frame(9, 4, 3, 0x84)]).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void A_flood_before_the_first_request_ends_in_refusal()
    {
        byte[] flood = [.. Http2Preface.Magic, .. EmptySettings, .. Enumerable.Range(0, 200).SelectMany(static _ => Frame(2, 0, 3, 0, 0, 0, 0, 1))];
        Status(flood).ShouldBe(ParseStatus.Malformed);

        byte[] large = [.. Http2Preface.Magic, .. EmptySettings, .. Enumerable.Range(0, 5).SelectMany(static _ => Frame(0xBB, 0, 0, new byte[16384]))];
        Status(large).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Every_truncation_asks_for_more_and_no_flipped_bit_throws()
    {
        foreach (JsonElement row in OwnVectors.Http2)
        {
            byte[] opening = OwnVectors.Bytes(row, "client");
            int whole = Enumerable.Range(0, opening.Length + 1).First(n => Status(opening[..n]) == ParseStatus.Done);
            for (int n = 0; n < whole; n++)
            {
                Status(opening[..n]).ShouldBe(ParseStatus.NeedMore);
            }

            for (int bit = 0; bit < 8 * opening.Length; bit++)
            {
                opening[bit / 8] ^= (byte)(1 << (bit % 8));
                _ = Status(opening);
                opening[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    private static byte[] Client(string name) => OwnVectors.Bytes(OwnVectors.Http2.Single(r => OwnVectors.Text(r, "name") == name), "client");

    private static ParseStatus Status(byte[] bytes) => Http2Preface.TryParse(bytes, out _);

    private static Http2Fingerprint Read(byte[] bytes)
    {
        Http2Preface.TryParse(bytes, out Http2Fingerprint? fingerprint).ShouldBe(ParseStatus.Done);
        return fingerprint!;
    }

    private static byte[] Frame(byte type, byte flags, byte stream, params byte[] payload) =>
        [0, .. HelloBytes.U16(payload.Length), type, flags, 0, 0, 0, stream, .. payload];
}
