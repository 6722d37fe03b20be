namespace Whorl.Kernel;

/// <summary>Why a request was refused unread: two readers could have understood it differently, or it is more than the edge bears.</summary>
internal enum RequestFault : byte
{
    None = 0,
    RequestLine = 1,
    LineEnd = 2,
    Field = 3,
    ControlByte = 4,
    Host = 5,
    ContentLength = 6,
    TransferEncoding = 7,
    TwoFramings = 8,
    TooLarge = 9,
    TooManyFields = 10,
}

/// <summary>Faults by the names they have in observations, filters and metrics, and what each means in a sentence that begins with "the request".</summary>
internal static class RequestFaults
{
    public static readonly IReadOnlyList<(RequestFault Fault, string Name, string Meaning)> All =
    [
        (RequestFault.RequestLine, "request-line", "begins with a line that is no method, target and version of HTTP/1"),
        (RequestFault.LineEnd, "line-end", "has a line that ends in a bare CR or LF"),
        (RequestFault.Field, "field", "has a header line that is folded, has a space before its colon, or is no name and value"),
        (RequestFault.ControlByte, "control-byte", "has a control character in a header value"),
        (RequestFault.Host, "host", "has no Host, several, or one that is no host"),
        (RequestFault.ContentLength, "content-length", "has several Content-Length fields or one that is no number"),
        (RequestFault.TransferEncoding, "transfer-encoding", "has a Transfer-Encoding that is not one plain chunked"),
        (RequestFault.TwoFramings, "two-framings", "has both Content-Length and Transfer-Encoding"),
        (RequestFault.TooLarge, "too-large", "has a header larger than Edge:Limits:HeaderBytes"),
        (RequestFault.TooManyFields, "too-many-fields", "has more header fields than Edge:Limits:HeaderCount"),
    ];

    public static string NameOf(RequestFault fault) => All[(int)fault - 1].Name;

    /// <summary>What a name means; the name itself where a newer version wrote it.</summary>
    public static string MeaningOf(string name)
    {
        foreach ((_, string known, string meaning) in All)
        {
            if (known == name)
            {
                return meaning;
            }
        }

        return name;
    }
}
