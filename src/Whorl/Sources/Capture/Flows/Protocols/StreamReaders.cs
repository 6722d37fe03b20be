using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>Tells what a stream speaks by its bytes, on whatever port, and hands them to the reader of that protocol.</summary>
internal sealed class StreamReaders(ConversationTable conversations, Openings openings, IFlowEvents events, EngineCounters counters)
{
    // Segments looked at before a direction is given up: a mail session has about ten before it turns to TLS, and a proxy four.
    private const byte MaxStrange = 48;

    // Segments that are searched for an opening in their middle: behind the header of a proxy, a notice, a consent.
    private const byte MaxSearched = 8;

    // How far such things reach into a segment.
    private const int MaxNotice = 4096;

    private const byte HandshakeRecord = 22;
    private const byte AlertRecord = 21;

    private readonly TlsReader _tls = new(conversations, openings, events, counters);
    private readonly SshReader _ssh = new(conversations, openings, events, counters);
    private readonly HttpReader _http = new(conversations, events, counters);

    /// <summary>Reads what it can; gives the number of bytes that need not be shown again, which may be more than there are.</summary>
    public long Read(int index, bool forward, long time, ReadOnlySpan<byte> bytes)
    {
        long consumed = 0;
        while (consumed < bytes.Length)
        {
            ref Conversation conversation = ref conversations[index];
            ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
            ReadOnlySpan<byte> rest = bytes[(int)consumed..];
            StreamProtocol before = half.Protocol;
            long took = before switch
            {
                StreamProtocol.Unknown => Recognise(ref half, rest),
                StreamProtocol.Tls => _tls.Read(index, forward, time, rest),
                StreamProtocol.SshBanner => _ssh.ReadBanner(index, forward, time, rest),
                StreamProtocol.SshKex => _ssh.ReadKex(index, forward, time, rest),
                StreamProtocol.Http => _http.Read(index, forward, time, rest),
                _ => rest.Length,
            };
            consumed += took == HttpReader.NoRequest ? PassStrange(ref half, rest) : took;
            if (took == 0 && half.Protocol == before)
            {
                break;
            }
        }

        return consumed;
    }

    public void Leave(int index) => _tls.Leave(index);

    private static int Recognise(ref HalfStream half, ReadOnlySpan<byte> bytes)
    {
        half.Need = 0;
        half.Cursor = default;
        switch (ProtocolOf(bytes))
        {
            case null:
                half.Need = bytes.Length + 1;
                return 0;
            case StreamProtocol.Unknown:
                break;
            case { } known:
                half.Protocol = known;
                return 0;
        }

        return PassStrange(ref half, bytes);
    }

    // Nothing known begins here; perhaps further on.
    private static int PassStrange(ref HalfStream half, ReadOnlySpan<byte> bytes)
    {
        if (half.Strange < MaxSearched)
        {
            ReadOnlySpan<byte> searched = bytes[..Math.Min(bytes.Length, MaxNotice)];
            int notice = searched.IndexOf("\nSSH-"u8);
            if (notice >= 0)
            {
                half.Protocol = StreamProtocol.SshBanner;
                return notice + 1;
            }

            int hello = HelloInside(searched);
            if (hello > 0)
            {
                half.Protocol = StreamProtocol.Tls;
                return hello;
            }
        }

        half.Protocol = ++half.Strange >= MaxStrange ? StreamProtocol.Over : StreamProtocol.Unknown;
        return bytes.Length;
    }

    // Null while it cannot be told.
    private static StreamProtocol? ProtocolOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] == HandshakeRecord)
        {
            return bytes switch
            {
                [_, not 3, ..] or [_, _, > 4, ..] => StreamProtocol.Unknown,
                { Length: < 6 } => null,
                [_, _, _, _, _, 1 or 2 or 11, ..] => StreamProtocol.Tls,
                _ => StreamProtocol.Unknown,
            };
        }

        // A server may warn before it says hello: that it does not know the name.
        if (bytes is [AlertRecord, 3, <= 4, 0, 2, 1, ..])
        {
            return StreamProtocol.Tls;
        }

        ReadOnlySpan<byte> ssh = "SSH-"u8;
        if (bytes[0] == ssh[0] && bytes[..Math.Min(bytes.Length, ssh.Length)].SequenceEqual(ssh[..Math.Min(bytes.Length, ssh.Length)]))
        {
            return bytes.Length < ssh.Length ? null : StreamProtocol.SshBanner;
        }

        return HttpReader.BeginsLikeRequest(bytes) switch
        {
            true => StreamProtocol.Http,
            false => StreamProtocol.Unknown,
            null => null,
        };
    }

    // Where a whole-looking hello begins: record header, message header, version, the lengths in agreement.
    private static int HelloInside(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> begin = [HandshakeRecord, 3];
        int at = 0;
        while (bytes[at..].IndexOf(begin) is >= 0 and int next)
        {
            at += next;
            if (bytes[at..] is [_, _, <= 4, _, _, 1 or 2, 0, _, _, 3, <= 4, ..]
                && ((bytes[at + 3] << 8) | bytes[at + 4]) >= 4 && ((bytes[at + 7] << 8) | bytes[at + 8]) > 34)
            {
                return at;
            }

            at += begin.Length;
        }

        return -1;
    }
}
