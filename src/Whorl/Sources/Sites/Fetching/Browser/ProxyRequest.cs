using System.Text;

namespace Whorl.Sources.Sites.Fetching.Browser;

/// <summary>What a browser asks its proxy for (RFC 9112 §3.2.2, §3.2.3): a tunnel, or one exchange over plain HTTP.</summary>
/// <param name="Target">Whom to connect to.</param>
/// <param name="Forward">The head as the site gets it; null for a tunnel.</param>
internal sealed record ProxyRequest(Uri Target, byte[]? Forward)
{
    /// <summary>Reads a head without its empty line. Null where it asks for nothing that is done here.</summary>
    public static ProxyRequest? Read(ReadOnlySpan<byte> head)
    {
        string[] lines = Encoding.Latin1.GetString(head).Split("\r\n");
        if (lines[0].Split(' ') is not [{ Length: > 0 } method, { Length: > 0 } target, "HTTP/1.1" or "HTTP/1.0"])
        {
            return null;
        }

        bool tunnel = method == "CONNECT";
        if (WebAddress.Read(tunnel ? $"https://{target}/" : target, out _) is not { } url || (!tunnel && url.Scheme != "http") || WebAddress.IsOtherProtocol(url))
        {
            return null;
        }

        if (tunnel)
        {
            return new(url, null);
        }

        // One exchange a connection: the next one may be for another host.
        IEnumerable<string> kept = lines.Skip(1).Where(line => !Names(line, "Proxy-") && !Names(line, "Connection:") && !Names(line, "Keep-Alive:"));
        return new(url, Encoding.Latin1.GetBytes(string.Join("\r\n", [$"{method} {url.PathAndQuery} HTTP/1.1", .. kept, "Connection: close", "", ""])));
    }

    private static bool Names(string line, string name) => line.StartsWith(name, StringComparison.OrdinalIgnoreCase);
}
