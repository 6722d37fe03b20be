using Whorl.Fingerprints.Packets;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>An interface of a pcapng section: its link type and how its clock counts.</summary>
internal sealed class PcapngInterface
{
    private const long Second = 1_000_000_000;

    // Decimals of a nanosecond, and the powers of ten behind them that fit a 64-bit number.
    private const int Decimals = 9;
    private const int MaxFiner = 18;

    private bool _binary;
    private int _power = 6;
    private long _factor = 1000;

    public required LinkType Link { get; init; }

    public required uint SnapLength { get; init; }

    /// <summary>Place of its name in the list of all names.</summary>
    public int Index { get; set; }

    /// <summary>Seconds to be added to every time.</summary>
    public long Offset { get; set; }

    /// <param name="resolution">if_tsresol: a negative power of ten or, with the top bit, of two.</param>
    public void SetResolution(byte resolution)
    {
        _binary = (resolution & 0x80) != 0;
        _power = resolution & 0x7F;
        _factor = 1;
        for (int i = Math.Min(Math.Abs(_power - Decimals), MaxFiner); i > 0; i--)
        {
            _factor *= 10;
        }
    }

    /// <summary>A time of this clock in nanoseconds since 1970; nonsense gives nonsense, but no failure.</summary>
    public long Nanoseconds(ulong ticks)
    {
        ulong scaled = _binary ? (ulong)(((UInt128)ticks * Second) >> _power)
            : _power <= Decimals ? unchecked(ticks * (ulong)_factor)
            : _power > Decimals + MaxFiner ? 0
            : ticks / (ulong)_factor;
        return unchecked((long)scaled + (Offset * Second));
    }
}
