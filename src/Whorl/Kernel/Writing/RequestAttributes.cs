using System.Text;
using Whorl.Fingerprints.Http;

namespace Whorl.Kernel.Writing;

/// <summary>Writes a request that was read off a wire as the edge writes its own.</summary>
internal static class RequestAttributes
{
    // A target longer than a line is cut; the rest could only be decoded in vain.
    private const int MaxTarget = 2 * HostileText.MaxLine;

    public static void Write(ref Utf8JsonBuffer json, Http1Head head, ReadOnlySpan<byte> bytes, bool encrypted = false)
    {
        ReadOnlySpan<char> target = head.Target;
        scoped ReadOnlySpan<byte> host = Value(head, bytes, "Host");
        Span<byte> copy = stackalloc byte[MaxTarget];
        copy = copy[..Encoding.Latin1.GetBytes(target[..Math.Min(target.Length, MaxTarget)], copy)];
        Span<byte> path = AfterAuthority(copy, ref host);
        int question = path.IndexOf((byte)'?');
        ReadOnlySpan<byte> query = question < 0 ? default : path[(question + 1)..];

        json.Hostile("http.method"u8, head.Method, HostileText.MaxName);
        json.Plain("http.scheme"u8, encrypted ? "https"u8 : "http"u8);
        WriteHost(ref json, host);
        json.Name("http.path"u8);
        Span<byte> shown = question < 0 ? path : path[..question];
        HostileText.Write(ref json, (ReadOnlySpan<byte>)shown[..Decode(shown)], HostileText.MaxLine);
        json.Hostile("http.query"u8, query, HostileText.MaxLine);
        json.Plain("http.version"u8, head.MinorVersion == 1 ? "1.1"u8 : "1.0"u8);
        json.Hostile("http.user_agent"u8, Value(head, bytes, "User-Agent"), HostileText.MaxLine);
        json.Hostile("http.referer"u8, Value(head, bytes, "Referer"), HostileText.MaxLine);
        json.Hostile("http.content_type"u8, Value(head, bytes, "Content-Type"), HostileText.MaxName);
        json.Number("http.header_count"u8, head.Headers.Count);
        WriteOrder(ref json, head);
        json.Hostile("http.header_hash"u8, head.HeaderOrderHash(), HostileText.MaxName);
    }

    private static ReadOnlySpan<byte> Value(Http1Head head, ReadOnlySpan<byte> bytes, string name)
    {
        for (int i = 0; i < head.Headers.Count; i++)
        {
            Http1Header header = head.Headers[i];
            if (header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return bytes.Slice(header.ValueStart, header.ValueLength);
            }
        }

        return default;
    }

    // http://host/path, as proxies are asked: the host in it counts (RFC 9112 §3.2.2).
    private static Span<byte> AfterAuthority(Span<byte> target, ref ReadOnlySpan<byte> host)
    {
        int scheme = target.IndexOf("://"u8);
        if (target.IsEmpty || target[0] == '/' || scheme <= 0 || scheme > "https".Length)
        {
            return target;
        }

        Span<byte> rest = target[(scheme + 3)..];
        int slash = rest.IndexOfAny((byte)'/', (byte)'?');
        host = slash < 0 ? rest : rest[..slash];
        return slash < 0 ? default : rest[slash..];
    }

    private static void WriteHost(ref Utf8JsonBuffer json, ReadOnlySpan<byte> host)
    {
        int colon = host.LastIndexOf((byte)':');
        host = colon >= 0 && host[(colon + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && (host[0] == '[' || host.IndexOf((byte)':') == colon) ? host[..colon] : host;
        host = host[..Math.Min(host.Length, HostileText.MaxName + 1)];
        Span<byte> lower = stackalloc byte[HostileText.MaxName + 1];
        int length = 0;
        foreach (byte each in host)
        {
            lower[length++] = each is >= (byte)'A' and <= (byte)'Z' ? (byte)(each | 0x20) : each;
        }

        json.Hostile("http.host"u8, (ReadOnlySpan<byte>)lower[..length], HostileText.MaxName);
    }

    private static void WriteOrder(ref Utf8JsonBuffer json, Http1Head head)
    {
        json.Raw(",\"http.header_order\":\""u8);
        int room = HostileText.MaxList;
        for (int i = 0; i < head.Headers.Count && room > 0; i++)
        {
            json.Raw(i == 0 ? ""u8 : ","u8);
            HostileText.Continue(ref json, head.Headers[i].Name, room);
            room -= head.Headers[i].Name.Length + 1;
        }

        json.Raw("\""u8);
    }

    /// <summary>Percent-decodes in place, once; what is no escape stays. Returns the new length.</summary>
    private static int Decode(Span<byte> text)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit((char)text[i + 1]) && char.IsAsciiHexDigit((char)text[i + 2]))
            {
                text[length++] = (byte)((Digit(text[i + 1]) << 4) | Digit(text[i + 2]));
                i += 2;
            }
            else
            {
                text[length++] = text[i];
            }
        }

        return length;

        static int Digit(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    }
}
