using System.Globalization;
using System.Text;

namespace Whorl.Tests.Support;

/// <summary>
/// A syslog message as RFC 5424 §6 defines it, and nothing else: read octet by octet by the grammar, so that what a lenient receiver would forgive is a fault here.
/// </summary>
internal sealed class SyslogMessage
{
    private readonly byte[] _bytes;

    private int _at;

    private SyslogMessage(byte[] bytes) => _bytes = bytes;

    public int Facility { get; private set; }

    public int Severity { get; private set; }

    public DateTimeOffset? Time { get; private set; }

    public string Host { get; private set; } = "";

    public string App { get; private set; } = "";

    public string Process { get; private set; } = "";

    public string Kind { get; private set; } = "";

    /// <summary>Elements by their ids, each with its parameters in order, values without their escapes.</summary>
    public List<(string Id, List<(string Name, string Value)> Parameters)> Elements { get; } = [];

    public string Text { get; private set; } = "";

    /// <summary>Reads one message without the line end that separates it from the next.</summary>
    /// <exception cref="FormatException">The octets are no message; the text says where.</exception>
    public static SyslogMessage Read(ReadOnlySpan<byte> bytes)
    {
        SyslogMessage message = new(bytes.ToArray());
        message.ReadHeader();
        message.ReadElements();
        message.ReadText();
        return message;
    }

    private void ReadHeader()
    {
        Expect('<');
        string priority = Digits(3);
        int value = int.Parse(priority, CultureInfo.InvariantCulture);
        Require(value <= 191 && (priority == "0" || priority[0] != '0'), "PRIVAL is 0 to 191 without leading zeros");
        (Facility, Severity) = (value / 8, value % 8);
        Expect('>');
        Require(Digits(2) == "1", "VERSION is 1");
        Expect(' ');
        Time = ReadTime();
        Host = Field(255);
        App = Field(48);
        Process = Field(128);
        Kind = Field(32);
    }

    /// <summary>TIMESTAMP: RFC 3339 with T and Z in capitals and at most six digits of a second; with the space after it.</summary>
    private DateTimeOffset? ReadTime()
    {
        string text = Field(32);
        if (text == "-")
        {
            return null;
        }

        Require(text.Length >= 20 && text[10] == 'T', "the date and the time are joined by T");
        int zone = text.IndexOfAny(['Z', '+', '-'], 19);
        Require(zone > 0 && (zone == 19 || (text[19] == '.' && zone is > 20 and <= 26)), "one to six digits of a second");
        Require(DateTimeOffset.TryParseExact(text[..19] + text[zone..], "yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset second), "a moment");
        return zone == 19 ? second : second.AddTicks(long.Parse(text[20..zone].PadRight(7, '0'), CultureInfo.InvariantCulture));
    }

    private void ReadElements()
    {
        if (Peek() == '-')
        {
            _at++;
            return;
        }

        Require(Peek() == '[', "structured data or a dash");
        while (Peek() == '[')
        {
            _at++;
            string id = Name();
            Require(Elements.TrueForAll(element => element.Id != id), "an SD-ID occurs once");
            List<(string, string)> parameters = [];
            while (Peek() == ' ')
            {
                _at++;
                string name = Name();
                Expect('=');
                Expect('"');
                parameters.Add((name, Value()));
            }

            Expect(']');
            Elements.Add((id, parameters));
        }
    }

    private void ReadText()
    {
        if (_at == _bytes.Length)
        {
            return;
        }

        Expect(' ');
        ReadOnlySpan<byte> rest = _bytes.AsSpan(_at);
        Text = Utf8(rest is [0xEF, 0xBB, 0xBF, ..] ? rest[3..] : rest);
    }

    // SD-NAME: printable US-ASCII without '=', space, ']' and '"'.
    private string Name()
    {
        int start = _at;
        while (Peek() is > ' ' and <= '~' and not ('=' or ']' or '"'))
        {
            _at++;
        }

        Require(_at - start is > 0 and <= 32, "a name has 1 to 32 octets");
        return Encoding.ASCII.GetString(_bytes, start, _at - start);
    }

    // PARAM-VALUE: UTF-8 in which '"', '\' and ']' stand behind a backslash. §6.3.3 forbids no control character; a log of lines does.
    private string Value()
    {
        List<byte> value = [];
        while (Peek() != '"')
        {
            int octet = Next();
            Require(octet is >= 32 and not 127, "no control character");
            Require(octet != ']', "']' stands behind a backslash");
            if (octet == '\\')
            {
                octet = Next();
                Require(octet is '"' or '\\' or ']', "a backslash stands before '\"', '\\' or ']' alone");
            }

            value.Add((byte)octet);
        }

        _at++;
        return Utf8([.. value]);
    }

    private string Field(int most)
    {
        int start = _at;
        while (Peek() is > ' ' and <= '~')
        {
            _at++;
        }

        Require(_at - start > 0 && _at - start <= most, $"a field of 1 to {most} printable octets");
        string field = Encoding.ASCII.GetString(_bytes, start, _at - start);
        Expect(' ');
        return field;
    }

    private string Digits(int most)
    {
        int start = _at;
        while (Peek() is >= '0' and <= '9')
        {
            _at++;
        }

        Require(_at - start > 0 && _at - start <= most, $"1 to {most} digits");
        return Encoding.ASCII.GetString(_bytes, start, _at - start);
    }

    private static string Utf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (ArgumentException fault)
        {
            throw new FormatException("not UTF-8", fault);
        }
    }

    private int Peek() => _at < _bytes.Length ? _bytes[_at] : -1;

    private int Next()
    {
        Require(_at < _bytes.Length, "more octets");
        return _bytes[_at++];
    }

    private void Expect(char wanted)
    {
        Require(Peek() == wanted, $"'{wanted}'");
        _at++;
    }

    private void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new FormatException($"octet {_at}: wanted {what}");
        }
    }
}
