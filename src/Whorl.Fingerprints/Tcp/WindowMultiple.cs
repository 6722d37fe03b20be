namespace Whorl.Fingerprints.Tcp;

/// <summary>A window expressed as a multiple of the segment or link size, found in the order of p0f 3.09b.</summary>
/// <param name="Factor">How many times; 0 when the window is no multiple.</param>
/// <param name="OfMtu">True for the link size, false for the segment size.</param>
internal readonly record struct WindowMultiple(int Factor, bool OfMtu)
{
    // Below this a divisor fits by accident.
    private const int MinMss = 100;
    private const int TimestampOptionLength = 12;
    private const int EthernetMtu = 1500;
    private const int Ipv4Headers = 40;
    private const int Ipv6Headers = 60;

    public static WindowMultiple Of(TcpStack stack)
    {
        int window = stack.Window;
        int mss = stack.Mss;
        if (window == 0 || mss < MinMss)
        {
            return default;
        }

        bool v6 = stack.IpVersion == 6;
        ReadOnlySpan<(int Divisor, bool OfMtu)> candidates =
        [
            (mss, false),
            (stack.Timestamp != 0 ? mss - TimestampOptionLength : 0, false),
            (EthernetMtu - Ipv4Headers, false),
            (EthernetMtu - Ipv4Headers - TimestampOptionLength, false),
            (v6 ? EthernetMtu - Ipv6Headers : 0, false),
            (v6 ? EthernetMtu - Ipv6Headers - TimestampOptionLength : 0, false),
            (mss + Ipv4Headers, true),
            (mss + stack.HeaderLength, true),
            (v6 ? mss + Ipv6Headers : 0, true),
            (EthernetMtu, true),
            (stack.PeerMss, false),
            (stack.PeerMss != 0 ? stack.PeerMss - TimestampOptionLength : 0, false),
        ];
        foreach ((int divisor, bool ofMtu) in candidates)
        {
            if (divisor != 0 && window % divisor == 0)
            {
                return new WindowMultiple(window / divisor, ofMtu);
            }
        }

        return default;
    }
}
