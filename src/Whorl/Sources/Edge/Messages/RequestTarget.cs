using System.Buffers;
using System.Text;

namespace Whorl.Sources.Edge.Messages;

/// <summary>Takes a request target (raw path and query) apart.</summary>
internal static class RequestTarget
{
    /// <summary>The path percent-decoded once, and the query as sent without its question mark; null where there is none.</summary>
    public static (string Path, string? Query) Split(string target)
    {
        int question = target.IndexOf('?');
        string? query = question < 0 ? null : target[(question + 1)..];
        string raw = question < 0 ? target : target[..question];
        return (raw.Contains('%') ? Decode(raw) : raw, query);
    }

    /// <summary>
    /// The path that routes are compared with: without dot segments, backslashes and doubled slashes, which an upstream may resolve on its own
    /// and so reach a place that belongs to another route.
    /// </summary>
    public static string ForRouting(string path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal) && !path.Contains("//", StringComparison.Ordinal) && !path.Contains('\\'))
        {
            return path;
        }

        List<string> kept = [];
        string[] segments = path.Replace('\\', '/').Split('/');
        for (int i = 1; i < segments.Length; i++)
        {
            bool last = i == segments.Length - 1;
            if (segments[i] == "..")
            {
                if (kept.Count > 0)
                {
                    kept.RemoveAt(kept.Count - 1);
                }
            }
            else if (segments[i] is not "." and not "")
            {
                kept.Add(segments[i]);
            }

            if (last && segments[i] is "" or ".." or ".")
            {
                kept.Add("");
            }
        }

        return "/" + string.Join('/', kept.Where((segment, index) => segment.Length > 0 || index == kept.Count - 1));
    }

    /// <summary>Host without port, lower case. Null where the text is no host.</summary>
    public static string HostName(string host)
    {
        int end = host.StartsWith('[') ? host.IndexOf(']') + 1 : host.IndexOf(':');
        string name = (end > 0 ? host[..end] : host).TrimEnd('.');
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c))
            {
                return name.ToLowerInvariant();
            }
        }

        return name;
    }

    private static string Decode(string raw)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(raw.Length * 3);
        int count = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            char c = raw[i];
            if (c == '%' && i + 2 < raw.Length && char.IsAsciiHexDigit(raw[i + 1]) && char.IsAsciiHexDigit(raw[i + 2]))
            {
                bytes[count++] = Convert.ToByte(raw.Substring(i + 1, 2), 16);
                i += 2;
            }
            else
            {
                count += Encoding.UTF8.GetBytes(raw.AsSpan(i, 1), bytes.AsSpan(count));
            }
        }

        string path = Encoding.UTF8.GetString(bytes, 0, count);
        ArrayPool<byte>.Shared.Return(bytes);
        return path;
    }
}
