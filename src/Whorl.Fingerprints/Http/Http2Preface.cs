using System.Buffers.Binary;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Http;

/// <summary>Reads what an HTTP/2 client sends from the preface to the end of its first request's headers (RFC 9113 §3.4).</summary>
public static class Http2Preface
{
    /// <summary>Bytes of client data within which the first request's headers must end.</summary>
    /// <remarks>Real openings stay under 8 KiB; servers commonly allow 16 to 32 KiB of headers.</remarks>
    public const int MaxLength = 64 * 1024;

    // A client may not exceed 2^14 before the server has announced more (RFC 9113 §4.2).
    private const int MaxFrameLength = 1 << 14;

    // Firefox once sent six PRIORITY frames; a hundred frames before any request is a flood.
    private const int MaxFrames = 100;

    private const int FrameHeaderLength = 9;
    private const byte FlagAck = 0x01;
    private const byte FlagEndHeaders = 0x04;
    private const byte FlagPadded = 0x08;
    private const byte FlagPriority = 0x20;

    private enum FrameType
    {
        Headers = 1,
        Priority = 2,
        Settings = 4,
        WindowUpdate = 8,
        Continuation = 9,
    }

    /// <summary>The 24 bytes every HTTP/2 client starts with.</summary>
    public static ReadOnlySpan<byte> Magic => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Reads the opening of a connection from its first byte (after TLS).</summary>
    /// <param name="clientBytes">All client bytes so far.</param>
    /// <param name="fingerprint">The fingerprint where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns>Malformed where this is not HTTP/2, breaks its framing, or has no request within <see cref="MaxLength"/>.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> clientBytes, out Http2Fingerprint? fingerprint)
    {
        fingerprint = null;
        int common = Math.Min(clientBytes.Length, Magic.Length);
        if (!clientBytes[..common].SequenceEqual(Magic[..common]))
        {
            return ParseStatus.Malformed;
        }

        if (common < Magic.Length)
        {
            return ParseStatus.NeedMore;
        }

        ParseStatus status = ReadFrames(clientBytes[Magic.Length..Math.Min(clientBytes.Length, MaxLength)], out fingerprint);
        return status == ParseStatus.NeedMore && clientBytes.Length >= MaxLength ? ParseStatus.Malformed : status;
    }

    private static ParseStatus ReadFrames(ReadOnlySpan<byte> bytes, out Http2Fingerprint? fingerprint)
    {
        fingerprint = null;
        Http2Setting[]? settings = null;
        uint? windowUpdate = null;
        List<Http2Priority> priorities = [];
        for (int frames = 0; frames < MaxFrames; frames++)
        {
            ParseStatus status = ReadFrame(ref bytes, out Frame frame);
            if (status != ParseStatus.Done)
            {
                return status;
            }

            if (settings is null && (frame.Type != (byte)FrameType.Settings || (frame.Flags & FlagAck) != 0))
            {
                return ParseStatus.Malformed;
            }

            switch ((FrameType)frame.Type)
            {
                case FrameType.Settings:
                    if (frame.StreamId != 0 || frame.Payload.Length % 6 != 0)
                    {
                        return ParseStatus.Malformed;
                    }

                    settings ??= ReadSettings(frame.Payload);
                    break;
                case FrameType.WindowUpdate:
                    if (frame.Payload.Length != 4)
                    {
                        return ParseStatus.Malformed;
                    }

                    windowUpdate ??= frame.StreamId == 0 ? BinaryPrimitives.ReadUInt32BigEndian(frame.Payload) & 0x7FFFFFFF : null;
                    break;
                case FrameType.Priority:
                    if (frame.Payload.Length != 5)
                    {
                        return ParseStatus.Malformed;
                    }

                    priorities.Add(ReadPriority(frame.StreamId, frame.Payload));
                    break;
                case FrameType.Headers:
                    status = ReadHeaders(frame, bytes, out Http2Priority? own, out string[]? names);
                    fingerprint = status == ParseStatus.Done
                        ? new Http2Fingerprint(settings!, windowUpdate, [.. priorities], own, names!)
                        : null;
                    return status;
                case FrameType.Continuation:
                    return ParseStatus.Malformed;
                default:
                    // Unknown types are ignored (RFC 9113 §4.1); PING, ALTSVC, PRIORITY_UPDATE and GREASE frames come here.
                    break;
            }
        }

        return ParseStatus.Malformed;
    }

    private static ParseStatus ReadFrame(ref ReadOnlySpan<byte> bytes, out Frame frame)
    {
        frame = default;
        WireReader reader = new(bytes);
        int length = reader.U24();
        if (length > MaxFrameLength)
        {
            return ParseStatus.Malformed;
        }

        byte type = reader.U8();
        byte flags = reader.U8();
        uint streamId = reader.U32() & 0x7FFFFFFF;
        ReadOnlySpan<byte> payload = reader.Take(length);
        if (!reader.Ok)
        {
            return ParseStatus.NeedMore;
        }

        frame = new Frame(type, flags, streamId, payload);
        bytes = bytes[(FrameHeaderLength + length)..];
        return ParseStatus.Done;
    }

    private static Http2Setting[] ReadSettings(ReadOnlySpan<byte> payload)
    {
        Http2Setting[] settings = new Http2Setting[payload.Length / 6];
        WireReader reader = new(payload);
        for (int i = 0; i < settings.Length; i++)
        {
            settings[i] = new Http2Setting(reader.U16(), reader.U32());
        }

        return settings;
    }

    private static Http2Priority ReadPriority(uint streamId, ReadOnlySpan<byte> fields)
    {
        uint dependency = BinaryPrimitives.ReadUInt32BigEndian(fields);
        return new Http2Priority(streamId, dependency >> 31 == 1, dependency & 0x7FFFFFFF, fields[4] + 1);
    }

    private static ParseStatus ReadHeaders(Frame first, ReadOnlySpan<byte> rest, out Http2Priority? priority, out string[]? names)
    {
        priority = null;
        names = null;
        WireReader reader = new(first.Payload);
        int padding = (first.Flags & FlagPadded) != 0 ? reader.U8() : 0;
        if ((first.Flags & FlagPriority) != 0)
        {
            ReadOnlySpan<byte> fields = reader.Take(5);
            priority = reader.Ok ? ReadPriority(first.StreamId, fields) : null;
        }

        ReadOnlySpan<byte> block = reader.Take(reader.Left - padding);
        if (!reader.Ok || first.StreamId == 0)
        {
            return ParseStatus.Malformed;
        }

        if ((first.Flags & FlagEndHeaders) != 0)
        {
            return Hpack.TryReadNames(block, out names) ? ParseStatus.Done : ParseStatus.Malformed;
        }

        List<byte> joined = [.. block];
        for (int frames = 0; frames < MaxFrames; frames++)
        {
            ParseStatus status = ReadFrame(ref rest, out Frame next);
            if (status != ParseStatus.Done)
            {
                return status;
            }

            if (next.Type != (byte)FrameType.Continuation || next.StreamId != first.StreamId)
            {
                return ParseStatus.Malformed;
            }

            joined.AddRange(next.Payload);
            if ((next.Flags & FlagEndHeaders) != 0)
            {
                return Hpack.TryReadNames([.. joined], out names) ? ParseStatus.Done : ParseStatus.Malformed;
            }
        }

        return ParseStatus.Malformed;
    }

    private readonly ref struct Frame(byte type, byte flags, uint streamId, ReadOnlySpan<byte> payload)
    {
        public byte Type { get; } = type;

        public byte Flags { get; } = flags;

        public uint StreamId { get; } = streamId;

        public ReadOnlySpan<byte> Payload { get; } = payload;
    }
}
