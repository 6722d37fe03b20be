using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;

namespace Whorl.Sources.Sites.Fetching.Names;

/// <summary>Types of records that are asked for (RFC 1035 §3.2.2, RFC 3596).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Ns = 2,
    Cname = 5,
    Soa = 6,
    Mx = 15,
    Txt = 16,
    Aaaa = 28,
}

/// <summary>A record of one of those types.</summary>
/// <param name="Owner">Its name as <see cref="DnsMessage.Name"/> writes them.</param>
/// <param name="Text">A name, or the text of TXT; empty for addresses.</param>
internal sealed record DnsRecord(string Owner, DnsType Type, string Text, int Preference = 0, PeerAddress? Address = null);

/// <summary>An answer of a name server. What it says is of strangers: every length is checked, and names lead only backwards, so that they end.</summary>
internal sealed record DnsMessage(ushort Id, bool IsAnswer, bool IsTruncated, int Code, string Question, DnsType QuestionType, IReadOnlyList<DnsRecord> Answers, IReadOnlyList<DnsRecord> Authority)
{
    public const int NoError = 0;
    public const int NoSuchName = 3;

    /// <summary>Bytes that a name server may send in one datagram; beyond it answers are torn apart on the way (RFC 9715).</summary>
    public const int MaxDatagram = 1232;

    // Records of one section that are looked at: a name has a handful, a large service two dozen.
    private const int MaxRecords = 256;

    // RFC 1035 §2.3.4: a name has 255 bytes, a label 63.
    private const int MaxName = 255;
    private const int MaxLabel = 63;

    // A TXT record is at most 64 KiB; a policy or a proof of ownership has a few hundred bytes.
    private const int MaxText = 1024;

    private const int HeaderLength = 12;
    private const ushort Internet = 1;

    /// <summary>Writes a question with EDNS (RFC 6891); 0 where the name is none.</summary>
    public static int WriteQuestion(ushort id, string name, DnsType type, Span<byte> into)
    {
        into[..HeaderLength].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(into, id);
        into[2] = 1; // recursion desired
        into[5] = 1; // one question
        into[11] = 1; // one additional record
        int at = HeaderLength;
        foreach (string label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > MaxLabel || at + label.Length + 1 > HeaderLength + MaxName - 1 || !Ascii.IsValid(label))
            {
                return 0;
            }

            into[at] = (byte)label.Length;
            at += 1 + Encoding.ASCII.GetBytes(label, into[(at + 1)..]);
        }

        into[at++] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(into[at..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(into[(at + 2)..], Internet);
        at += 4;
        into[at..(at + 11)].Clear();
        into[at + 2] = 41; // OPT
        BinaryPrimitives.WriteUInt16BigEndian(into[(at + 3)..], MaxDatagram);
        return at + 11;
    }

    public static ParseStatus TryRead(ReadOnlySpan<byte> message, out DnsMessage? answer)
    {
        answer = null;
        if (message.Length < HeaderLength)
        {
            return ParseStatus.NeedMore;
        }

        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        int at = HeaderLength;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1 || !TryName(message, ref at, out string question) || message.Length - at < 4
            || BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]) != Internet)
        {
            return ParseStatus.Malformed;
        }

        DnsType type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        at += 4;
        bool cut = (flags & 0x0200) != 0;
        List<DnsRecord> answers = [], authority = [];

        // A server that says it left something out may have cut anywhere.
        bool read = TrySection(message, ref at, BinaryPrimitives.ReadUInt16BigEndian(message[6..]), answers)
            && TrySection(message, ref at, BinaryPrimitives.ReadUInt16BigEndian(message[8..]), authority);
        if (!read && !cut)
        {
            return ParseStatus.Malformed;
        }

        answer = new(BinaryPrimitives.ReadUInt16BigEndian(message), (flags & 0x8000) != 0, cut, flags & 0x0F, question, type, answers, authority);
        return ParseStatus.Done;
    }

    /// <summary>A name in its one form: lower case, without the last dot; bytes that no host name has as <c>\DDD</c>.</summary>
    public static string Name(string name) => name.TrimEnd('.').ToLowerInvariant();

    private static bool TrySection(ReadOnlySpan<byte> message, ref int at, int count, List<DnsRecord> into)
    {
        for (int i = 0; i < count; i++)
        {
            if (!TryName(message, ref at, out string owner) || message.Length - at < 10)
            {
                return false;
            }

            DnsType type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            ushort kind = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += 10;
            if (message.Length - at < length)
            {
                return false;
            }

            if (kind == Internet && into.Count < MaxRecords)
            {
                if (!TryRecord(message[..(at + length)], at, owner, type, out DnsRecord? record))
                {
                    return false;
                }

                if (record is not null)
                {
                    into.Add(record);
                }
            }

            at += length;
        }

        return true;
    }

    // The message ends where the record does, so that a name in it cannot run out of it; pointers lead back.
    private static bool TryRecord(ReadOnlySpan<byte> message, int at, string owner, DnsType type, out DnsRecord? record)
    {
        record = null;
        ReadOnlySpan<byte> data = message[at..];
        string name;
        switch (type)
        {
            case DnsType.A when data.Length == 4:
            case DnsType.Aaaa when data.Length == 16:
                record = new(owner, type, "", 0, PeerAddress.From(new IPAddress(data)));
                return true;
            case DnsType.Ns or DnsType.Cname or DnsType.Soa:
                bool named = TryName(message, ref at, out name);
                record = named ? new(owner, type, name) : null;
                return named;
            case DnsType.Mx:
                if (data.Length < 3)
                {
                    return false;
                }

                at += 2;
                bool mail = TryName(message, ref at, out name);
                record = mail ? new(owner, type, name, BinaryPrimitives.ReadUInt16BigEndian(data)) : null;
                return mail;
            case DnsType.Txt:
                record = new(owner, type, Strings(data));
                return true;
            default:
                return type is not (DnsType.A or DnsType.Aaaa);
        }
    }

    private static string Strings(ReadOnlySpan<byte> data)
    {
        StringBuilder text = new();
        while (!data.IsEmpty && text.Length < MaxText)
        {
            int length = Math.Min(data[0], data.Length - 1);
            foreach (byte each in data.Slice(1, Math.Min(length, MaxText - text.Length)))
            {
                Append(text, each, escapeDot: false);
            }

            data = data[(1 + length)..];
        }

        return text.ToString();
    }

    private static bool TryName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        StringBuilder text = new();
        int here = at, lowest = at, length = 0;
        bool jumped = false;
        while (true)
        {
            if ((uint)here >= (uint)message.Length)
            {
                return false;
            }

            int size = message[here];
            if (size >= 0xC0)
            {
                if (here + 1 >= message.Length)
                {
                    return false;
                }

                int target = ((size & 0x3F) << 8) | message[here + 1];
                at = jumped ? at : here + 2;
                jumped = true;

                // Only to before everything that was read of this name: no loop, no endless chain.
                if (target >= lowest)
                {
                    return false;
                }

                here = lowest = target;
                continue;
            }

            here++;
            length += size + 1;
            if (size > MaxLabel || length > MaxName || message.Length - here < size)
            {
                return false;
            }

            if (size == 0)
            {
                at = jumped ? at : here;
                name = text.ToString();
                return true;
            }

            if (text.Length > 0)
            {
                text.Append('.');
            }

            foreach (byte each in message.Slice(here, size))
            {
                Append(text, each is >= (byte)'A' and <= (byte)'Z' ? (byte)(each | 0x20) : each, escapeDot: true);
            }

            here += size;
        }
    }

    private static void Append(StringBuilder text, byte each, bool escapeDot)
    {
        bool plain = escapeDot ? each is > 0x20 and < 0x7F and not (byte)'.' and not (byte)'\\' : each is >= 0x20 and < 0x7F and not (byte)'\\';
        if (plain)
        {
            text.Append((char)each);
        }
        else
        {
            text.Append('\\').Append(each.ToString("D3", CultureInfo.InvariantCulture));
        }
    }
}
