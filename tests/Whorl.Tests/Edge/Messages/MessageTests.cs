using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;
using Whorl.Sources.Edge.Messages;

namespace Whorl.Tests.Edge.Messages;

public sealed class MessageTests
{
    private const int MaxLength = 1024;

    private const int MaxCount = 10;

    [Fact]
    public void A_request_head_is_read_whole()
    {
        RequestHead head = new();
        byte[] bytes = Encoding.Latin1.GetBytes("GET /a?b HTTP/1.1\r\nHost: example.org:80\r\nX-One:  v 1 \t\r\nContent-Length: 12\r\n\r\nbody");

        head.Read(bytes, default, MaxLength, MaxCount).ShouldBe(ParseStatus.Done);

        Encoding.Latin1.GetString(bytes, head.MethodStart, head.MethodLength).ShouldBe("GET");
        Encoding.Latin1.GetString(bytes, head.TargetStart, head.TargetLength).ShouldBe("/a?b");
        ReadOnlySpan<byte> block = bytes.AsSpan(head.HeadersStart);
        Encoding.Latin1.GetString(head.Headers.Lines[1].Value(block)).ShouldBe("v 1");
        head.Headers.ContentLength.ShouldBe(12);
        Encoding.Latin1.GetString(bytes, head.Length, bytes.Length - head.Length).ShouldBe("body");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    public void Every_truncation_of_a_request_asks_for_more(string emptyLine)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(emptyLine + "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        RequestHead whole = new();
        for (int length = 0; length < bytes.Length; length++)
        {
            whole.Read(bytes.AsSpan(0, length), default, MaxLength, MaxCount).ShouldBe(ParseStatus.NeedMore, $"{length}");
        }

        whole.Read(bytes, default, MaxLength, MaxCount).ShouldBe(ParseStatus.Done);
        whole.Headers.Close.ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\nHost: x\n\n")]
    [InlineData("GET / HTTP/1.1\rXHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x/../y\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999999999\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\u00e4 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.2\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/2.0\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\r\n\r\n")]
    [InlineData("G(T / HTTP/1.1\r\nHost: x\r\n\r\n")]
    public void A_request_two_readers_could_understand_differently_is_refused(string text) =>
        new RequestHead().Read(Encoding.Latin1.GetBytes(text), default, MaxLength, MaxCount).ShouldBe(ParseStatus.Malformed);

    [Fact]
    public void Too_many_bytes_or_fields_are_told_apart_from_nonsense()
    {
        RequestHead head = new();
        head.Read(Encoding.Latin1.GetBytes("GET / HTTP/1.1\r\nHost: x\r\nA: " + new string('a', MaxLength)), default, MaxLength, MaxCount).ShouldBe(ParseStatus.Malformed);
        head.Fault.ShouldBe(RequestFault.TooLarge);

        RequestHead many = new();
        string fields = string.Concat(Enumerable.Range(0, MaxCount).Select(number => $"A{number}: x\r\n"));
        many.Read(Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n"), default, MaxLength, MaxCount).ShouldBe(ParseStatus.Malformed);
        many.Fault.ShouldBe(RequestFault.TooManyFields);
    }

    [Theory]
    [InlineData("request-line", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("line-end", "GET / HTTP/1.1\nHost: x\n\n")]
    [InlineData("line-end", "GET / HTTP/1.1\rXHost: x\r\n\r\n")]
    [InlineData("line-end", "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n")]
    [InlineData("line-end", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n")]
    [InlineData("field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n")]
    [InlineData("field", "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n")]
    [InlineData("control-byte", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n")]
    [InlineData("host", "GET / HTTP/1.1\r\n\r\n")]
    [InlineData("host", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")]
    [InlineData("content-length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n")]
    [InlineData("transfer-encoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("transfer-encoding", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("two-framings", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public void A_refusal_names_what_is_wrong(string fault, string text)
    {
        RequestHead head = new();

        head.Read(Encoding.Latin1.GetBytes(text), default, MaxLength, MaxCount).ShouldBe(ParseStatus.Malformed);

        RequestFaults.NameOf(head.Fault).ShouldBe(fault);
    }

    [Fact]
    public void Every_fault_has_a_name_and_a_meaning_at_its_place()
    {
        RequestFaults.All.Select(fault => fault.Fault).ShouldBe(Enum.GetValues<RequestFault>().Skip(1));
        RequestFaults.All.ShouldAllBe(fault => RequestFaults.NameOf(fault.Fault) == fault.Name && RequestFaults.MeaningOf(fault.Name) == fault.Meaning);
        RequestFaults.MeaningOf("of-a-later-version").ShouldBe("of-a-later-version");
    }

    [Fact]
    public void A_repeated_block_of_fields_is_recognised_only_where_it_is_whole_and_the_same()
    {
        RequestHead head = new();
        string block = "Host: x\r\nAccept: */*\r\n\r\n";
        byte[] before = Encoding.Latin1.GetBytes(block);
        head.Read(Encoding.Latin1.GetBytes("GET /a HTTP/1.1\r\n" + block), default, MaxLength, MaxCount).ShouldBe(ParseStatus.Done);
        head.Repeats.ShouldBeFalse();

        Next("GET /bcd HTTP/1.1\r\n" + block).ShouldBe((ParseStatus.Done, true));
        Next("GET /a HTTP/1.1\r\nHost: y\r\nAccept: */*\r\n\r\n").ShouldBe((ParseStatus.Done, false));
        Next("GET /a HTTP/1.1\r\n" + block[..^1]).ShouldBe((ParseStatus.NeedMore, false));
        Next("GET /a HTTP/9.1\r\n" + block).ShouldBe((ParseStatus.Malformed, false));

        (ParseStatus Status, bool Repeats) Next(string text)
        {
            head.Reset();
            ParseStatus status = head.Read(Encoding.Latin1.GetBytes(text), before, MaxLength, MaxCount);
            return (status, head.Repeats);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000\r\n\r\n")]
    [InlineData("HTTP/1.1 600 No\r\n\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n")]
    [InlineData("\r\nHTTP/1.1 200 OK\r\n\r\n")]
    public void An_answer_two_readers_could_understand_differently_is_refused(string text) =>
        new ResponseHead().Read(Encoding.Latin1.GetBytes(text), MaxLength, MaxCount).ShouldBe(ParseStatus.Malformed);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, nameof(BodyFraming.Length), true)]
    [InlineData("HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n", false, nameof(BodyFraming.Chunked), true)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", false, nameof(BodyFraming.UntilClose), false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: x, close\r\n\r\n", false, nameof(BodyFraming.Length), false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", false, nameof(BodyFraming.Length), false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n", false, nameof(BodyFraming.Length), true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, nameof(BodyFraming.None), true)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", false, nameof(BodyFraming.None), true)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false, nameof(BodyFraming.None), true)]
    public void An_answers_framing_follows_the_rfc(string text, bool answersHead, string framingName, bool persists)
    {
        BodyFraming framing = Enum.Parse<BodyFraming>(framingName);
        ResponseHead head = new();
        head.Read(Encoding.Latin1.GetBytes(text), MaxLength, MaxCount).ShouldBe(ParseStatus.Done);
        head.Framing(answersHead).ShouldBe(framing);
        head.Persists(framing).ShouldBe(persists);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void A_chunked_body_is_the_same_however_it_is_cut(int cut)
    {
        byte[] bytes = Encoding.Latin1.GetBytes("4\r\nWiki\r\n5;a=b\r\npedia\r\nB\r\n in\r\nchunks\r\n0\r\nT: v\r\n\r\nnext");
        ChunkedDecoder decoder = default;
        StringBuilder body = new();
        int at = 0, end = 0;
        BodyStep step = BodyStep.NeedMore;
        while (step != BodyStep.End)
        {
            if (at == end)
            {
                end = Math.Min(bytes.Length, end + cut);
            }

            step = decoder.Next(bytes.AsSpan(at, end - at), out int used, out int data);
            step.ShouldNotBe(BodyStep.Malformed);
            body.Append(Encoding.Latin1.GetString(bytes, at + used - data, data));
            at += used;
        }

        body.ToString().ShouldBe("Wikipedia in\r\nchunks");
        Encoding.Latin1.GetString(bytes, at, bytes.Length - at).ShouldBe("next");
    }

    [Theory]
    [InlineData("x\r\n")]
    [InlineData("\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("0x4\r\n")]
    [InlineData("4 \r\nWiki\r\n")]
    [InlineData("4\nWiki\r\n")]
    [InlineData("4\r\nWikipedia\r\n")]
    [InlineData("4\r\nWiki\n0\r\n\r\n")]
    [InlineData("fffffffffffffffff\r\n")]
    [InlineData("0\r\n bad: fold\r\n\r\n")]
    [InlineData("0\r\nT: v\n\r\n")]
    public void A_chunked_body_that_is_not_exact_is_refused(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        ChunkedDecoder decoder = default;
        int at = 0;
        BodyStep step = BodyStep.Data;
        while (step == BodyStep.Data)
        {
            step = decoder.Next(bytes.AsSpan(at), out int used, out _);
            at += used;
        }

        step.ShouldBe(BodyStep.Malformed);
    }

    [Theory]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/../../b", "/b")]
    [InlineData("/a/./b/", "/a/b/")]
    [InlineData("//a///b", "/a/b")]
    [InlineData("/a\\..\\b", "/b")]
    [InlineData("/a/..", "/")]
    public void Routes_see_the_path_an_upstream_may_make_of_it(string path, string routed) => RequestTarget.ForRouting(path).ShouldBe(routed);

    [Theory]
    [InlineData("/a%20b?c=%20", "/a b", "c=%20")]
    [InlineData("/%E4%BD%A0", "/你", null)]
    [InlineData("/%2e%2E/%zz%4", "/../%zz%4", null)]
    [InlineData("/%2541", "/%41", null)]
    [InlineData("/x?", "/x", "")]
    public void A_path_is_decoded_once_and_the_query_not_at_all(string target, string path, string? query) => RequestTarget.Split(target).ShouldBe((path, query));

    [Theory]
    [InlineData("Example.ORG:8080", "example.org")]
    [InlineData("[2001:DB8::1]:80", "[2001:db8::1]")]
    [InlineData("example.org.", "example.org")]
    public void A_host_is_compared_without_port_and_in_lower_case(string field, string host) => RequestTarget.HostName(field).ShouldBe(host);
}
