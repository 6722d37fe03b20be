using System.Buffers;
using System.Text;

namespace Whorl.Fingerprints.Http;

/// <summary>Characters and well-known words of HTTP.</summary>
internal static class HttpText
{
    // The longest registered method has 17 characters (UPDATEREDIRECTREF).
    public const int MaxMethodLength = 32;

    // RFC 9110 §5.6.2
    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    public static string MethodOf(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) ? "GET" : method.SequenceEqual("POST"u8) ? "POST" : method.SequenceEqual("HEAD"u8) ? "HEAD" : Encoding.ASCII.GetString(method);

    // The names most requests carry, so that a head of a browser allocates few strings.
    public static string NameOf(ReadOnlySpan<byte> name)
    {
        foreach (string known in KnownNames)
        {
            if (known.Length == name.Length && Ascii.Equals(known, name))
            {
                return known;
            }
        }

        return Encoding.ASCII.GetString(name);
    }

    private static readonly string[] KnownNames =
    [
        "Host", "User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "Connection", "Cookie", "Referer", "Upgrade-Insecure-Requests",
        "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Cache-Control", "Content-Type", "Content-Length", "Origin",
        "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "If-None-Match", "If-Modified-Since", "Pragma", "Priority",
    ];
}
