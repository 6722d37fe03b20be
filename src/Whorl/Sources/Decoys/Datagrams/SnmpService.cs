using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Text;

namespace Whorl.Sources.Decoys.Datagrams;

/// <summary>SNMP v1 and v2c: tells community and what was asked. Whoever has a community that is let in hears that there is no such thing, in as many bytes; others hear nothing, as from a real agent.</summary>
internal sealed class SnmpService(DecoyPlace place) : IDatagramService
{
    public ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> datagram, DatagramReport report)
    {
        if (SnmpRequest.Read(datagram) is not { } request)
        {
            return default;
        }

        bool accepted = place.Service.Accept == AcceptPolicy.Any || (place.Service.Accept == AcceptPolicy.Listed && Accounts.LetsIn(place, "community", request.Community));
        report.Attempt(new("community", null, request.Community, Accepted: accepted));
        foreach (string name in request.Names)
        {
            report.Query(name, request.Type);
        }

        return accepted ? request.NoSuch(datagram) : default;
    }
}

/// <summary>A request of SNMP v1 or v2c (RFC 1157, RFC 3416) in BER.</summary>
/// <param name="Names">What is asked for, as dotted numbers.</param>
internal sealed record SnmpRequest(int Version, byte[] Community, string Type, IReadOnlyList<string> Names)
{
    // GETBULK of whole tables asks for a handful.
    private const int MaxNames = 32;

    private const int MaxCommunity = 255;

    private int _pdu;
    private int _error;
    private int[] _values = [];

    public static SnmpRequest? Read(ReadOnlySpan<byte> message)
    {
        BerReader outer = new(message, 0);
        BerReader body = outer.Enter(0x30);
        ReadOnlySpan<byte> version = body.Value(0x02, out _);
        ReadOnlySpan<byte> community = body.Value(0x04, out _);
        int pdu = body.Position;
        byte tag = body.Tag;
        if (!body.Ok || version.Length != 1 || version[0] > 1 || community.Length > MaxCommunity || tag is not (0xA0 or 0xA1 or 0xA3 or 0xA5))
        {
            return null;
        }

        BerReader fields = body.Enter(tag);
        fields.Value(0x02, out _);
        fields.Value(0x02, out int error);
        fields.Value(0x02, out _);
        BerReader list = fields.Enter(0x30);
        List<string> names = [];
        List<int> values = [];
        while (list.Ok && list.HasMore && names.Count < MaxNames)
        {
            BerReader pair = list.Enter(0x30);
            ReadOnlySpan<byte> name = pair.Value(0x06, out _);
            if (!list.Ok || !pair.Ok)
            {
                return null;
            }

            values.Add(pair.Position);
            names.Add(Dotted(name));
        }

        return !fields.Ok || !list.Ok
            ? null
            : new(version[0], community.ToArray(), tag switch { 0xA0 => "get", 0xA1 => "getnext", 0xA3 => "set", _ => "getbulk" }, names) { _pdu = pdu, _error = error, _values = [.. values] };
    }

    /// <summary>The answer that there is no such thing: the request with a few bytes changed.</summary>
    public byte[] NoSuch(ReadOnlySpan<byte> message)
    {
        byte[] answer = message.ToArray();
        answer[_pdu] = 0xA2;
        foreach (int value in _values.Where(_ => Version == 1))
        {
            // NULL becomes noSuchInstance, or endOfMibView for those who walk.
            if (value + 1 < answer.Length && answer[value] == 5 && answer[value + 1] == 0)
            {
                answer[value] = (byte)(Type == "get" ? 0x81 : 0x82);
            }
        }

        if (Version == 0 && _error < answer.Length)
        {
            answer[_error] = 2; // noSuchName
        }

        return answer;
    }

    private static string Dotted(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        ulong part = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            part = (part << 7) | (uint)(bytes[i] & 0x7F);
            if (bytes[i] >= 0x80)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"{(text.Length == 0 ? $"{Math.Min(part / 40, 2)}.{part - (40 * Math.Min(part / 40, 2))}" : $".{part}")}");
            part = 0;
        }

        return text.ToString();
    }
}

/// <summary>Reads BER with definite lengths of up to two bytes. Never throws: after the first fault <see cref="Ok"/> stays false.</summary>
internal ref struct BerReader(ReadOnlySpan<byte> bytes, int start)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Where the next value begins, from the begin of the message.</summary>
    public int Position { get; private set; } = start;

    public bool Ok { get; private set; } = true;

    public readonly bool HasMore => Position < _bytes.Length;

    public readonly byte Tag => Ok && HasMore ? _bytes[Position] : (byte)0;

    /// <summary>The next value's content, and where that begins.</summary>
    public ReadOnlySpan<byte> Value(byte tag, out int place)
    {
        place = 0;
        WireReader reader = new(_bytes[Math.Min(Position, _bytes.Length)..]);
        bool right = reader.U8() == tag;
        int length = reader.U8();
        length = length switch { 0x81 => reader.U8(), 0x82 => reader.U16(), > 0x7F => -1, _ => length };
        place = _bytes.Length - reader.Left;
        ReadOnlySpan<byte> content = reader.Take(length);
        Ok &= right && reader.Ok;
        Position = Ok ? place + length : _bytes.Length;
        return Ok ? content : default;
    }

    /// <summary>A reader of what is inside of the next value.</summary>
    public BerReader Enter(byte tag)
    {
        Value(tag, out int place);
        return new BerReader(_bytes[..Position], place) { Ok = Ok };
    }
}
