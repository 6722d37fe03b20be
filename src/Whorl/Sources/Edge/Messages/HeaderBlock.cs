using System.Buffers;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;

namespace Whorl.Sources.Edge.Messages;

/// <summary>
/// The header fields of one HTTP/1 message, as places in the bytes they were read from (RFC 9112 §5, read strictly: no folded lines,
/// no space before the colon, no bare CR or LF, no control characters). Reused for every message of a connection.
/// </summary>
internal sealed class HeaderBlock
{
    // RFC 9110 §5.6.2
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(value => value != '\t').Select(value => (byte)value), 127]);

    private Line[] _lines = new Line[24];

    public int Count { get; private set; }

    /// <summary>Length of the block with its empty line.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<Line> Lines => _lines.AsSpan(0, Count);

    /// <summary>Value of the one Content-Length; -1 where absent.</summary>
    public long ContentLength { get; private set; }

    /// <summary>True where Transfer-Encoding is present; then it is chunked and nothing else.</summary>
    public bool Chunked { get; private set; }

    public bool Close { get; private set; }

    public bool KeepAlive { get; private set; }

    /// <summary>Index of the one Host field; -1 where absent.</summary>
    public int Host { get; private set; }

    public bool HasExpect { get; private set; }

    public bool HasUpgrade { get; private set; }

    /// <summary>Why the last block was refused.</summary>
    public RequestFault Fault { get; private set; }

    /// <summary>
    /// Reads lines to the empty line, which must be there. Places are counted from the beginning of <paramref name="bytes"/>.
    /// Malformed for anything two readers could understand differently.
    /// </summary>
    public ParseStatus Read(ReadOnlySpan<byte> bytes, int maxCount)
    {
        Clear();
        bool nominates = false;
        int at = 0;
        while (true)
        {
            ReadOnlySpan<byte> rest = bytes[at..];
            int cr = rest.IndexOf((byte)'\r');
            if (cr < 0 || cr + 1 >= rest.Length || rest[cr + 1] != '\n')
            {
                Fault = RequestFault.LineEnd;
                return ParseStatus.Malformed;
            }

            if (cr == 0)
            {
                Length = at + 2;
                break;
            }

            if (Count == maxCount)
            {
                Fault = RequestFault.TooManyFields;
                return ParseStatus.Malformed;
            }

            if (!TryAdd(rest[..cr], at, ref nominates))
            {
                return ParseStatus.Malformed;
            }

            at += cr + 2;
        }

        // Both framings at once is request smuggling's raw material (RFC 9112 §6.3): refused, not resolved.
        if (Chunked && ContentLength >= 0)
        {
            Fault = RequestFault.TwoFramings;
            return ParseStatus.Malformed;
        }

        if (nominates)
        {
            MarkNominated(bytes);
        }

        return ParseStatus.Done;
    }

    /// <summary>As before the first block.</summary>
    public void Clear()
    {
        Length = 0;
        Count = 0;
        ContentLength = -1;
        Host = -1;
        Chunked = Close = KeepAlive = HasExpect = HasUpgrade = false;
        Fault = RequestFault.None;
    }

    private bool TryAdd(ReadOnlySpan<byte> line, int at, ref bool nominates)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(TokenBytes))
        {
            Fault = line.Contains((byte)'\n') ? RequestFault.LineEnd : RequestFault.Field;
            return false;
        }

        int from = colon + 1;
        while (from < line.Length && line[from] is (byte)' ' or (byte)'\t')
        {
            from++;
        }

        int to = line.Length;
        while (to > from && line[to - 1] is (byte)' ' or (byte)'\t')
        {
            to--;
        }

        ReadOnlySpan<byte> value = line[from..to];
        if (value.ContainsAny(ControlBytes))
        {
            Fault = value.Contains((byte)'\n') ? RequestFault.LineEnd : RequestFault.ControlByte;
            return false;
        }

        ulong key = HeaderKinds.KeyOf(line[..colon]);
        HeaderKind kind = HeaderKinds.Of(line[..colon], key);
        if (kind != HeaderKind.Other && !Note(kind, value, ref nominates))
        {
            return false;
        }

        if (Count == _lines.Length)
        {
            Array.Resize(ref _lines, Count * 2);
        }

        _lines[Count++] = new(key, at, colon, at + from, to - from, kind, false);
        return true;
    }

    private bool Note(HeaderKind kind, ReadOnlySpan<byte> value, ref bool nominates)
    {
        switch (kind)
        {
            case HeaderKind.Host:
                if (Host >= 0)
                {
                    Fault = RequestFault.Host;
                    return false;
                }

                Host = Count;
                return true;
            case HeaderKind.ContentLength:
                if (ContentLength >= 0 || !TryReadLength(value, out long length))
                {
                    Fault = RequestFault.ContentLength;
                    return false;
                }

                ContentLength = length;
                return true;
            case HeaderKind.TransferEncoding:
                if (Chunked || !Ascii.EqualsIgnoreCase(value, "chunked"))
                {
                    Fault = RequestFault.TransferEncoding;
                    return false;
                }

                Chunked = true;
                return true;
            case HeaderKind.Connection:
                nominates |= NoteConnection(value);
                return true;
            case HeaderKind.Expect:
                HasExpect = true;
                return true;
            case HeaderKind.Upgrade:
                HasUpgrade = true;
                return true;
            default:
                return true;
        }
    }

    /// <summary>Notes close and keep-alive; true where other fields are named as belonging to this hop.</summary>
    private bool NoteConnection(ReadOnlySpan<byte> value)
    {
        bool others = false;
        foreach (Range range in value.Split((byte)','))
        {
            ReadOnlySpan<byte> option = value[range].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(option, "close"))
            {
                Close = true;
            }
            else if (Ascii.EqualsIgnoreCase(option, "keep-alive"))
            {
                KeepAlive = true;
            }
            else
            {
                others |= option.Length > 0;
            }
        }

        return others;
    }

    private void MarkNominated(ReadOnlySpan<byte> bytes)
    {
        foreach (ref Line connection in _lines.AsSpan(0, Count))
        {
            if (connection.Kind != HeaderKind.Connection)
            {
                continue;
            }

            ReadOnlySpan<byte> value = connection.Value(bytes);
            foreach (Range range in value.Split((byte)','))
            {
                MarkNominated(bytes, value[range].Trim(" \t"u8));
            }
        }
    }

    private void MarkNominated(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        foreach (ref Line line in _lines.AsSpan(0, Count))
        {
            // Framing and Host stay what they are: a client cannot talk us out of them.
            if (line.Kind is not (HeaderKind.Host or HeaderKind.ContentLength or HeaderKind.TransferEncoding) && Ascii.EqualsIgnoreCase(line.Name(bytes), name))
            {
                line = line with { Nominated = true };
            }
        }
    }

    /// <summary>Digits alone; 18 of them fit a 64-bit number without a check for overflow.</summary>
    private static bool TryReadLength(ReadOnlySpan<byte> value, out long length)
    {
        length = 0;
        if (value.Length is 0 or > 18)
        {
            return false;
        }

        foreach (byte digit in value)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            length = (length * 10) + (digit - '0');
        }

        return true;
    }

    /// <summary>One field line.</summary>
    /// <param name="Key">Of the name, as <see cref="HeaderKinds.KeyOf(ReadOnlySpan{byte})"/> makes it.</param>
    /// <param name="Nominated">Named by the Connection field: ends at this hop.</param>
    internal readonly record struct Line(ulong Key, int NameStart, int NameLength, int ValueStart, int ValueLength, HeaderKind Kind, bool Nominated)
    {
        public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> bytes) => bytes.Slice(NameStart, NameLength);

        public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> bytes) => bytes.Slice(ValueStart, ValueLength);
    }
}
