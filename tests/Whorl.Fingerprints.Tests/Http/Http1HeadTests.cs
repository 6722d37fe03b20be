using System.Text;
using System.Text.Json;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Tests.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Http;

public sealed class Http1HeadTests
{
    private const string Browser =
        "GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nuser-agent:  Mozilla/5.0 \r\nAccept:*/*\r\nX-Empty:\r\nCookie: s=1\r\n\r\nrest";

    // Requests inside SOCKS or shadowsocks; request lines without target or version, and a header line without a name, which
    // tshark shows; second requests that tshark shows with the first.
    private static readonly string[] NoHeads = ["socks", "zeek--http--methods", "zeek--http--no-uri", "zeek--http--connect-with-smtp", "zeek--mixed-vlan-mpls", "zeek--http-261--variant"];

    [Fact]
    public void A_head_gives_its_line_its_names_in_order_and_case_and_where_the_values_are()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Browser);

        Http1Head.TryParse(bytes, out Http1Head? head).ShouldBe(ParseStatus.Done);

        (head!.Method, head.Target, head.Version).ShouldBe(("GET", "/a?b=c", "HTTP/1.1"));
        head.HeaderOrder().ShouldBe("Host,user-agent,Accept,X-Empty,Cookie");
        head.Headers.Select(h => Encoding.Latin1.GetString(bytes, h.ValueStart, h.ValueLength)).ShouldBe(["a.example", "Mozilla/5.0", "*/*", "", "s=1"]);
        Encoding.Latin1.GetString(bytes[head.Length..]).ShouldBe("rest");
    }

    [Fact]
    public void The_order_hash_follows_its_written_definition()
    {
        HeaderOrder.StableText(["Host", "cookie", "If-Match", "Accept", "content-type", ":path", "X-Forwarded-For", "TE"]).ShouldBe("Host,Accept,TE");

        string digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("Host,Accept,TE"u8));
        HeaderOrder.Hash(["Host", "Accept", "Referer", "TE"]).ShouldBe($"ho1_{digest[..16]}");
        HeaderOrder.Hash(["Accept", "Host", "TE"]).ShouldNotBe(HeaderOrder.Hash(["Host", "Accept", "TE"]));
        HeaderOrder.Hash(["host", "accept", "te"]).ShouldNotBe(HeaderOrder.Hash(["Host", "Accept", "TE"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("\n\r\n\r\n")]
    public void Every_truncation_asks_for_more(string emptyLines)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(emptyLines + Browser[..^4]);
        for (int n = 0; n < bytes.Length; n++)
        {
            Http1Head.TryParse(bytes.AsSpan(0, n), out _).ShouldBe(ParseStatus.NeedMore);
        }
    }

    [Fact]
    public void No_flipped_bit_throws_and_values_stay_inside()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Browser);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            if (Http1Head.TryParse(bytes, out Http1Head? head) == ParseStatus.Done)
            {
                head!.Headers.ShouldAllBe(h => h.ValueStart + h.ValueLength <= head.Length);
            }

            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData("\r\n\nGET / HTTP/1.0\nA: 1\n\n", "A")]
    [InlineData("OPTIONS * HTTP/1.1\r\nA: 1\r\n folded\r\n\tmore\r\nB: 2\r\n\r\n", "A,B")]
    [InlineData("GET /a b HTTP/1.1\r\n\r\n", "")]
    public void What_capture_files_hold_beyond_the_rule_is_read(string text, string names)
    {
        Http1Head.TryParse(Encoding.Latin1.GetBytes(text), out Http1Head? head).ShouldBe(ParseStatus.Done);
        head!.HeaderOrder().ShouldBe(names);
    }

    [Fact]
    public void A_folded_value_spans_its_lines()
    {
        const string Text = "GET / HTTP/1.1\r\nA: 1\r\n folded \r\nB: 2\r\n\r\n";

        Http1Head.TryParse(Encoding.Latin1.GetBytes(Text), out Http1Head? head).ShouldBe(ParseStatus.Done);

        Text.Substring(head!.Headers[0].ValueStart, head.Headers[0].ValueLength).ShouldBe("1\r\n folded");
    }

    [Theory]
    [InlineData("\u0016\u0003\u0001")]
    [InlineData("PRI * HTTP/2.0\r\n\r\n")]
    [InlineData("GET /\r\n\r\n")]
    [InlineData("GET  HTTP/1.1\r\n\r\n")]
    [InlineData("G{T / HTTP/1.1\r\n")]
    [InlineData("GET / HTTP/1.2\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n folded first\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA : 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n: 1\r\n\r\n")]
    [InlineData("\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n")]
    public void What_is_no_head_is_refused(string text) => Http1Head.TryParse(Encoding.Latin1.GetBytes(text), out _).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void A_head_without_end_is_refused_by_length_and_by_count()
    {
        Http1Head.TryParse(Encoding.Latin1.GetBytes("GET /" + new string('a', Http1Head.MaxLength)), out _).ShouldBe(ParseStatus.Malformed);
        string many = string.Concat(Enumerable.Repeat("A: 1\r\n", Http1Head.MaxHeaders + 1));
        Http1Head.TryParse(Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\n{many}\r\n"), out _).ShouldBe(ParseStatus.Malformed);
    }

    [Fact]
    public void Requests_in_public_captures_have_the_header_names_tshark_saw()
    {
        string folder = Repository.RequireShared("fingerprints");
        Dictionary<string, IReadOnlyCollection<Flow>> flows = [];
        int right = 0;
        List<string> wrong = [];
        foreach (string line in File.ReadLines(Path.Combine(folder, "expected.jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            if (row.GetProperty("type").GetString() != "http_request" || row.GetProperty("n_in_stream").GetInt32() != 1)
            {
                continue;
            }

            string file = row.GetProperty("file").GetString()!;
            if (!flows.TryGetValue(file, out IReadOnlyCollection<Flow>? all))
            {
                flows[file] = all = CaptureFile.Flows(Path.Combine(folder, file));
            }

            string source = $"{row.GetProperty("src").GetString()}|{row.GetProperty("sport").GetInt32()}";
            string expected = string.Join(',', row.GetProperty("header_names").EnumerateArray().Select(static n => n.GetString()));
            List<string> found = [.. all.Where(f => f.Source == source && !f.IsUdp).Select(static f => f.Stream()).Select(static s => Http1Head.TryParse(s, out Http1Head? head) == ParseStatus.Done ? head!.HeaderOrder() : "none")];
            right += found.Contains(expected) ? 1 : 0;
            if (found.Count > 0 && !found.Contains(expected) && !Array.Exists(NoHeads, n => file.Contains(n, StringComparison.Ordinal)))
            {
                wrong.Add($"{file} {source} {expected} / {string.Join(" / ", found)}");
            }
        }

        wrong.ShouldBeEmpty();
        right.ShouldBe(140);
    }
}
