using System.Globalization;

namespace Whorl.Fingerprints.Tcp;

/// <summary>How a pattern states the window.</summary>
internal enum P0fWindow : byte
{
    Any,
    Exact,
    Modulo,
    OfMss,
    OfMtu,
}

/// <summary>One <c>sig</c> line for TCP: <c>ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass</c>.</summary>
internal sealed class P0fPattern
{
    private const int Wildcard = -1;

    public required int Line { get; init; }

    public required P0fLabel Label { get; init; }

    public required IReadOnlyList<string> Systems { get; init; }

    public int IpVersion { get; private set; }

    public int Ttl { get; private set; }

    public bool RandomTtl { get; private set; }

    public TcpQuirks Quirks { get; private set; }

    /// <summary>The layout as text: two layouts are the same when their texts are.</summary>
    public string Layout { get; private set; } = "";

    private int IpOptionLength { get; set; }

    private int Mss { get; set; }

    private P0fWindow WindowKind { get; set; }

    private int Window { get; set; }

    private int WindowScale { get; set; }

    private int Payload { get; set; }

    /// <summary>Everything but layout, quirks and time to live.</summary>
    public bool FitsNumbers(TcpStack stack, WindowMultiple multiple) =>
        IpOptionLength == stack.IpOptionLength
        && (Mss == Wildcard || Mss == stack.Mss)
        && (WindowScale == Wildcard || WindowScale == stack.WindowScale)
        && (Payload == Wildcard || Payload == 1 == stack.HasPayload)
        && WindowKind switch
        {
            P0fWindow.Exact => Window == stack.Window,
            P0fWindow.Modulo => stack.Window % Window == 0,
            P0fWindow.OfMss => !multiple.OfMtu && Window == multiple.Factor,
            P0fWindow.OfMtu => multiple.OfMtu && Window == multiple.Factor,
            _ => true,
        };

    /// <summary>Reads a signature; the reason it is refused, or null.</summary>
    public string? TryRead(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length != 8)
        {
            return "a signature has eight parts: ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass";
        }

        IpVersion = parts[0] switch { "*" => Wildcard, "4" => 4, "6" => 6, _ => 0 };
        if (IpVersion == 0)
        {
            return "the IP version is 4, 6 or *";
        }

        if (!TryReadTtl(parts[1]))
        {
            return "the time to live is 1 to 255, maybe followed by - or +distance";
        }

        if (!TryNumber(parts[2], 255, wildcard: false, out int number))
        {
            return "the length of the IP options is 0 to 255";
        }

        // p0f 3.09b always reads zero after a random time to live ("64-"); seen by trying, kept so that labels agree.
        IpOptionLength = RandomTtl ? 0 : number;
        if (!TryNumber(parts[3], 65535, wildcard: true, out number))
        {
            return "the segment size is 0 to 65535 or *";
        }

        Mss = number;
        if (!TryReadWindow(parts[4]))
        {
            return "the window is n, mss*n, mtu*n, %n or *, then a comma and the scale (0 to 255 or *)";
        }

        if (!IsLayout(parts[5]))
        {
            return "the layout lists eol+n (last), nop, mss, ws, sok, sack, ts, ?n";
        }

        Layout = parts[5];
        if (!TryReadQuirks(parts[6]))
        {
            return "unknown quirk, or one that this IP version cannot have";
        }

        Payload = parts[7] switch { "*" => Wildcard, "0" => 0, "+" => 1, _ => 2 };
        return Payload == 2 ? "the payload class is 0, + or *" : null;
    }

    private bool TryReadTtl(string text)
    {
        int plus = text.IndexOf('+');
        RandomTtl = text.EndsWith('-');
        string number = RandomTtl ? text[..^1] : plus >= 0 ? text[..plus] : text;
        int distance = 0;
        if (!TryNumber(number, 255, wildcard: false, out int ttl) || ttl == 0 || (plus >= 0 && !TryNumber(text[(plus + 1)..], 255, wildcard: false, out distance)))
        {
            return false;
        }

        Ttl = ttl + distance;
        return Ttl <= 255;
    }

    private bool TryReadWindow(string text)
    {
        const int MaxFactor = 1000;
        int comma = text.IndexOf(',');
        if (comma < 0 || !TryNumber(text[(comma + 1)..], 255, wildcard: true, out int scale))
        {
            return false;
        }

        WindowScale = scale;
        string window = text[..comma];
        (WindowKind, string digits, int least, int most) = window switch
        {
            "*" => (P0fWindow.Any, "0", 0, 0),
            _ when window.StartsWith('%') => (P0fWindow.Modulo, window[1..], 2, 65535),
            _ when window.StartsWith("mss*", StringComparison.Ordinal) => (P0fWindow.OfMss, window[4..], 1, MaxFactor),
            _ when window.StartsWith("mtu*", StringComparison.Ordinal) => (P0fWindow.OfMtu, window[4..], 1, MaxFactor),
            _ => (P0fWindow.Exact, window, 0, 65535),
        };
        if (!TryNumber(digits, most, wildcard: false, out int value) || value < least)
        {
            return false;
        }

        Window = value;
        return true;
    }

    private static bool IsLayout(string text)
    {
        if (text.Length == 0)
        {
            return true;
        }

        string[] names = text.Split(',');
        for (int i = 0; i < names.Length; i++)
        {
            bool known = names[i] switch
            {
                "nop" or "mss" or "ws" or "sok" or "sack" or "ts" => true,
                ['?', .. string number] => TryNumber(number, 255, wildcard: false, out _),
                ['e', 'o', 'l', '+', .. string pad] => i == names.Length - 1 && TryNumber(pad, 255, wildcard: false, out _),
                _ => false,
            };
            if (!known)
            {
                return false;
            }
        }

        return names.Length <= TcpOptionReader.MaxOptions;
    }

    private bool TryReadQuirks(string text)
    {
        foreach (string name in text.Length == 0 ? [] : text.Split(','))
        {
            TcpQuirks quirk = TcpSignatureText.QuirkNamed(name);
            if (quirk == TcpQuirks.None
                || (IpVersion == 4 && quirk == TcpQuirks.FlowLabel)
                || (IpVersion == 6 && (quirk & (P0fSignatures.OnlyIpv4 | TcpQuirks.ReservedIpFlag)) != TcpQuirks.None))
            {
                return false;
            }

            Quirks |= quirk;
        }

        return true;
    }

    private static bool TryNumber(string text, int most, bool wildcard, out int number)
    {
        number = Wildcard;
        return (wildcard && text == "*") || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most);
    }
}
