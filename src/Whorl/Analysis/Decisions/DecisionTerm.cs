using System.Buffers;
using System.Globalization;

namespace Whorl.Analysis.Decisions;

/// <summary>How long a decision lasts, as people and other systems write it: <c>4h</c>, <c>7d</c>, <c>1h30m</c>, <c>3h59m52.5s</c>.</summary>
internal static class DecisionTerm
{
    /// <summary>A century: what is meant to last longer has no term at all.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_525);

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads one or more numbers with a unit each (w, d, h, m, s, ms, us, ns); zero and less is no term.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan term)
    {
        term = default;
        double seconds = 0;
        text = text.Trim();
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                return false;
            }

            text = text[digits..];
            int unit = text.IndexOfAnyInRange('0', '9') is var next and >= 0 ? next : text.Length;
            double factor = text[..unit] switch
            {
                "w" => 604_800,
                "d" => 86_400,
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" or "µs" => 1e-6,
                "ns" => 1e-9,
                _ => 0,
            };
            if (factor == 0)
            {
                return false;
            }

            seconds += number * factor;
            text = text[unit..];
        }

        if (!(seconds > 0) || seconds > Longest.TotalSeconds)
        {
            return false;
        }

        term = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>The largest two units, such as <c>6d 23h</c>.</summary>
    public static string Text(TimeSpan term)
    {
        (string Unit, long Count)[] parts =
        [
            ("d", term.Days), ("h", term.Hours), ("m", term.Minutes), ("s", Math.Max(term.Seconds, term < TimeSpan.FromSeconds(1) ? 1 : 0)),
        ];
        return string.Join(' ', parts.SkipWhile(part => part.Count == 0).Take(2).Where(part => part.Count > 0).Select(part => part.Count + part.Unit));
    }
}
