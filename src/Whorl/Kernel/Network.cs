namespace Whorl.Kernel;

/// <summary>An address prefix. <see cref="Length"/> counts bits of the 128-bit form: an IPv4 /24 is 120. Bits after the prefix are zero.</summary>
internal readonly record struct Network
{
    private Network(UInt128 first, int length)
    {
        First = new(first);
        Length = length;
    }

    public PeerAddress First { get; }

    public int Length { get; }

    public PeerAddress Last => new(First.Bits | ~Mask(Length));

    public static Network Of(PeerAddress address, int length) => new(address.Bits & Mask(length), length);

    public static Network Single(PeerAddress address) => new(address.Bits, 128);

    /// <summary>Reads <c>203.0.113.0/24</c>, <c>2001:db8::/32</c> or a bare address (a prefix of one). Host bits are cleared.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Network network)
    {
        network = default;
        text = text.Trim();
        int slash = text.IndexOf('/');
        if (!PeerAddress.TryParse(slash < 0 ? text : text[..slash], out PeerAddress address))
        {
            return false;
        }

        // Which family was written counts, not which the bits fall in: ::ffff:1.2.3.0/120 is an IPv6 prefix.
        int width = text.Contains(':') ? 128 : 32;
        int length = width;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], System.Globalization.NumberStyles.None, null, out length) || length > width))
        {
            return false;
        }

        network = Of(address, 128 - width + length);
        return true;
    }

    public bool Contains(PeerAddress address) => (address.Bits & Mask(Length)) == First.Bits;

    public override string ToString() =>
        First.IsV4 && Length >= 96 ? $"{First}/{Length - 96}" : $"{First}/{Length}";

    private static UInt128 Mask(int length) => length == 0 ? 0 : UInt128.MaxValue << (128 - length);
}
