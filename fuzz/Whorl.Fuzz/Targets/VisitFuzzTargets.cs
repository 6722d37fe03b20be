using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Fetching.Browser;
using Whorl.Sources.Sites.Fetching.Names;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Pages;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of what web sites and name servers answer to visits.</summary>
internal static class VisitFuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("visit-dns", ReadNames, static () =>
        [
            Convert.FromHexString("12348180000100020000000003777777076578616d706c6503636f6d0000010001c00c000500010000003c00060363646ec010c02d000100010000003c0004c0000201"),
            Convert.FromHexString("00008180000100020001000003612e6200000f0001c00c000f00010000003c00080005046d61696cc00cc00c001000010000003c000403612062c00c000600010000003c0002c00c"),
        ]),
        new("visit-head", ReadHead, static () =>
        [
            "HTTP/1.1 200 OK\r\nServer: a\r\nX: 1\r\n 2\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"u8.ToArray(),
            "HTTP/1.0 302 Found\nLocation: /x\nRefresh: 0; url='//a.example/b'\nContent-Length: 5, 5\n\n"u8.ToArray(),
        ]),
        new("visit-proxy", input => ProxyRequest.Read(input) is { } asked ? HashCode.Combine(asked.Target.Port, asked.Forward is null) : 0, static () =>
        [
            "GET http://a.example:8080/b?c HTTP/1.1\r\nHost: a.example\r\nProxy-Connection: keep-alive\r\nCookie: d"u8.ToArray(),
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: x"u8.ToArray(),
        ]),
        new("visit-redirect", ReadRedirect, static () => ["3 ; url = \"https://b\u00FCcher.example:8080/\u00E4?x#y\""u8.ToArray(), "0;http://[::ffff:7f00:1]/"u8.ToArray(), "1,\\\\0x7f.1\\a"u8.ToArray()]),
    ];

    private static int ReadNames(ReadOnlySpan<byte> input)
    {
        ParseStatus status = DnsMessage.TryRead(input, out DnsMessage? message);
        return message is null ? (int)status : HashCode.Combine(message.IsTruncated, message.Code, message.Answers.Count, message.Authority.Count, message.Answers.Sum(record => record.Text.Length > 0 ? 1 : 0));
    }

    private static int ReadHead(ReadOnlySpan<byte> input)
    {
        int scanned = 0;
        ParseStatus status = ResponseHead.TryRead(input, ref scanned, out ResponseHead? head, out int consumed);
        return head is null ? (int)status : HashCode.Combine(head.Framing, head.KeepAlive, head.Status / 100, head.Headers.Count, consumed == input.Length, Redirect.InHead(head)?.By);
    }

    private static int ReadRedirect(ReadOnlySpan<byte> input)
    {
        string text = Encoding.Latin1.GetString(input);
        string? target = RefreshValue.TryParse(text, out _, out ReadOnlySpan<char> named) ? named.ToString() : null;
        Uri? url = target is null ? null : WebAddress.Resolve(new Uri("http://a.example/b/c"), target, out _);
        return url is null ? target is null ? 0 : 1 : HashCode.Combine(url.HostNameType, url.IsDefaultPort, url.Scheme.Length, url.PathAndQuery.Length > 1, WebAddress.HostOf(url).Length > 9);
    }
}
