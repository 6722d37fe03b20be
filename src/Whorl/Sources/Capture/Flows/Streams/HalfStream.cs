namespace Whorl.Sources.Capture.Flows.Streams;

/// <summary>What a direction of a TCP connection speaks, as far as it matters here.</summary>
internal enum StreamProtocol : byte
{
    /// <summary>Not known yet: the beginning of each segment is looked at.</summary>
    Unknown,

    Tls,
    SshBanner,
    SshKex,
    Http,

    /// <summary>All that is wanted was told, or there is nothing: bytes are passed over.</summary>
    Over,
}

/// <summary>One direction of a TCP connection.</summary>
internal struct HalfStream
{
    /// <summary><see cref="Base"/> is known.</summary>
    public bool Started;

    /// <summary>Bytes from <see cref="Base"/> on are in the stream buffers.</summary>
    public bool Holds;

    /// <summary>It sent a ClientHello.</summary>
    public bool SpeaksAsClient;

    public StreamProtocol Protocol;

    /// <summary>Acknowledgements that went past a gap.</summary>
    public byte GapsAcknowledged;

    /// <summary>Hellos or requests told.</summary>
    public byte Told;

    /// <summary>Segments in which nothing was recognised.</summary>
    public byte Strange;

    /// <summary>Sequence number behind the last byte seen.</summary>
    public uint Next;

    /// <summary>Sequence number of the first byte that no reader has taken.</summary>
    public uint Base;

    /// <summary>Bytes from <see cref="Base"/> on without which there is no use in asking the reader.</summary>
    public int Need;

    public MessageCursor Cursor;
}

/// <summary>How far a reader has looked into bytes that are not yet a whole message.</summary>
internal struct MessageCursor
{
    /// <summary>Where to go on, from the start of the message.</summary>
    public int At;

    /// <summary>TLS: bytes left of the record at <see cref="At"/>.</summary>
    public int RecordLeft;

    /// <summary>TLS: bytes left of the record in which the message begins; 0 where it begins with a record header.</summary>
    public int FirstRecord;

    /// <summary>TLS: bytes of the message found up to <see cref="At"/>.</summary>
    public int Gathered;

    /// <summary>TLS: length of the message with its header; 0 where not known yet.</summary>
    public int Length;

    /// <summary>TLS: a change of cipher was seen; in the clear only a hello may follow (RFC 8446 §D.4).</summary>
    public bool CipherChanged;
}
