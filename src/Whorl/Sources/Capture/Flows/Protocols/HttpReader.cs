using System.Buffers;
using System.Buffers.Text;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>HTTP/1 requests of a connection, one after the other.</summary>
internal sealed class HttpReader(ConversationTable conversations, IFlowEvents events, EngineCounters counters)
{
    /// <summary>The answer where the bytes turn out to be no request.</summary>
    public const long NoRequest = -1;

    // Methods of the IANA registry have up to 17 letters.
    private const int MaxMethod = 20;

    // Request lines that servers take: nginx 8 KiB, Apache 8 KiB, IIS 16 KiB.
    private const int MaxRequestLine = 32 * 1024;

    // What a browser sends over one connection in a minute; a scanner sends thousands, which the first show well enough.
    private const byte MaxRequests = 100;

    // A body longer than a sequence number can be told from an earlier one ends the reading.
    private const long MaxBody = 1 << 30;

    private static readonly SearchValues<byte> MethodBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"u8);

    /// <summary>Whether bytes begin like a request: yes, no, or null while that cannot be told.</summary>
    public static bool? BeginsLikeRequest(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> window = bytes[..Math.Min(bytes.Length, MaxMethod + 1)];
        int end = window.IndexOfAnyExcept(MethodBytes);
        return end < 0 ? (window.Length > MaxMethod ? false : null) : end >= 3 && window[end] == ' ';
    }

    /// <summary>Takes a request; gives its length with that of its body, 0 while it is not whole, or <see cref="NoRequest"/>.</summary>
    public long Read(int index, bool forward, long time, ReadOnlySpan<byte> bytes)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        if (!EndsHead(bytes, ref half))
        {
            return half.Protocol == StreamProtocol.Http ? 0 : NoRequest;
        }

        half.Cursor = default;
        half.Need = 0;
        half.Protocol = StreamProtocol.Unknown;
        if (Http1Head.TryParse(bytes, out Http1Head? head) != ParseStatus.Done)
        {
            counters.BrokenMessages++;
            return NoRequest;
        }

        conversations.LearnRoles(index, speakerBegan: forward);
        counters.HttpRequests++;
        half.Strange = 0;
        half.Protocol = ++half.Told == MaxRequests ? StreamProtocol.Over : StreamProtocol.Unknown;
        events.HttpRequest(conversations.At(index, forward, time), head!, bytes);
        long length = head!.Length + BodyLength(head, bytes);
        if (length > MaxBody)
        {
            half.Protocol = StreamProtocol.Over;
        }

        return length;
    }

    // Looks for the empty line; a first line that is no request line ends the attempt before that.
    private static bool EndsHead(ReadOnlySpan<byte> bytes, ref HalfStream half)
    {
        int at = half.Cursor.At;
        if (at == 0)
        {
            int line = bytes.IndexOf((byte)'\n');
            bool isRequest = line > 0
                ? bytes[..line].TrimEnd((byte)'\r') is [.., (byte)'H', (byte)'T', (byte)'T', (byte)'P', (byte)'/', (byte)'1', (byte)'.', _]
                : bytes.Length < MaxRequestLine;
            if (!isRequest)
            {
                half.Protocol = StreamProtocol.Unknown;
                half.Need = 0;
                return false;
            }

            at = Math.Max(line, 0);
        }

        while (at < bytes.Length && bytes[at..].IndexOf((byte)'\n') is >= 0 and int next)
        {
            at += next;
            ReadOnlySpan<byte> rest = bytes[(at + 1)..];
            if (rest is [(byte)'\n', ..] or [(byte)'\r', (byte)'\n', ..])
            {
                return true;
            }

            if (rest.Length < 2)
            {
                break;
            }

            at++;
        }

        // The next call goes on at the last line end, or, without one, behind what was looked at.
        half.Cursor.At = bytes.IndexOf((byte)'\n') < 0 ? 0 : Math.Min(at, bytes.Length);
        half.Need = bytes.Length + 1;
        return false;
    }

    // Chunked bodies are not followed: the next request is looked for at the beginning of each segment.
    private static long BodyLength(Http1Head head, ReadOnlySpan<byte> bytes)
    {
        foreach (Http1Header header in head.Headers)
        {
            if (header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                ReadOnlySpan<byte> value = bytes.Slice(header.ValueStart, header.ValueLength);
                return Utf8Parser.TryParse(value, out uint length, out int read) && read == value.Length ? length : 0;
            }
        }

        return 0;
    }
}
