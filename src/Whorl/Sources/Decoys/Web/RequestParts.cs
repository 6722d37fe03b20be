using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Http;

namespace Whorl.Sources.Decoys.Web;

/// <summary>What a web decoy needs to know of a request's head.</summary>
/// <param name="ContentLength">-1 where none was sent, or none that can be believed.</param>
internal sealed record RequestParts(
    string Path, bool IsHead, bool KeepsAlive, bool ExpectsContinue, long ContentLength, bool IsChunked, string? ContentType, string? Authorization, string? UserAgent)
{
    public static RequestParts Of(Http1Head head, ReadOnlySpan<byte> bytes)
    {
        string? connection = null, expect = null, length = null, coding = null, type = null, authorization = null, agent = null;
        foreach (Http1Header header in head.Headers)
        {
            string Value(ReadOnlySpan<byte> all) => Encoding.Latin1.GetString(all.Slice(header.ValueStart, header.ValueLength));
            switch (header.Name.ToUpperInvariant())
            {
                case "CONNECTION": connection = Value(bytes); break;
                case "EXPECT": expect = Value(bytes); break;
                case "CONTENT-LENGTH": length = Value(bytes); break;
                case "TRANSFER-ENCODING": coding = Value(bytes); break;
                case "CONTENT-TYPE": type = Value(bytes); break;
                case "AUTHORIZATION": authorization = Value(bytes); break;
                case "USER-AGENT": agent = Value(bytes); break;
            }
        }

        bool chunked = coding is not null && coding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase);
        bool close = connection?.Contains("close", StringComparison.OrdinalIgnoreCase) == true;
        bool keep = connection?.Contains("keep-alive", StringComparison.OrdinalIgnoreCase) == true;
        return new(
            PathOf(head.Target),
            head.Method == "HEAD",
            head.MinorVersion == 1 ? !close : keep,
            expect?.StartsWith("100-", StringComparison.OrdinalIgnoreCase) == true,
            !chunked && long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out long parsed) ? parsed : -1,
            chunked,
            type,
            authorization,
            agent);
    }

    // The path alone, also of a request made to a proxy.
    private static string PathOf(string target)
    {
        int scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme is > 0 and < 6)
        {
            int slash = target.IndexOf('/', scheme + 3);
            target = slash < 0 ? "/" : target[slash..];
        }

        int end = target.IndexOfAny(['?', '#']);
        return end < 0 ? target : target[..end];
    }
}

/// <summary>Reads what Basic sends (RFC 7617).</summary>
internal static class BasicSecret
{
    // A name and a password; what is longer is an attack on something else.
    private const int MaxLength = 4096;

    public static bool TryRead(string? authorization, out string user, out byte[] secret)
    {
        (user, secret) = ("", []);
        if (authorization is null || authorization.Length > MaxLength || !authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        byte[] bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization["Basic ".Length..].Trim(), bytes, out int written))
        {
            return false;
        }

        int colon = bytes.AsSpan(0, written).IndexOf((byte)':');
        if (colon < 0)
        {
            return false;
        }

        user = Encoding.Latin1.GetString(bytes, 0, colon);
        secret = bytes[(colon + 1)..written];
        return true;
    }
}
