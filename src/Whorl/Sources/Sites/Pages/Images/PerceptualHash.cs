using System.Globalization;

namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>
/// 64 bits of how a picture looks: the cosine transform (DCT-II) of its 32 × 32 means of grey, the 8 × 8 lowest frequencies, row by row,
/// the first bit the highest: 1 where the coefficient is above the median of the 64. Pictures that look alike differ in few bits.
/// </summary>
internal static class PerceptualHash
{
    private const int Kept = 8;

    // Grey levels; a picture of less contrast has no look.
    private const double MinContrast = 4;

    private static readonly double[] Cosines = [.. Enumerable.Range(0, Kept * GreyGrid.Side).Select(static i => Math.Cos(Math.PI * (i / GreyGrid.Side) * ((2 * (i % GreyGrid.Side)) + 1) / (2 * GreyGrid.Side)))];

    /// <summary>In hex; null for a picture of one colour.</summary>
    public static string? Of(GreyGrid grid)
    {
        double[] means = grid.Means();
        if (means.Max() - means.Min() < MinContrast)
        {
            return null;
        }

        double[] rows = new double[GreyGrid.Side * Kept];
        double[] low = new double[Kept * Kept];
        for (int y = 0; y < GreyGrid.Side; y++)
        {
            for (int u = 0; u < Kept; u++)
            {
                for (int x = 0; x < GreyGrid.Side; x++)
                {
                    rows[(y * Kept) + u] += means[(y * GreyGrid.Side) + x] * Cosines[(u * GreyGrid.Side) + x];
                }
            }
        }

        for (int v = 0; v < Kept; v++)
        {
            for (int u = 0; u < Kept; u++)
            {
                for (int y = 0; y < GreyGrid.Side; y++)
                {
                    low[(v * Kept) + u] += rows[(y * Kept) + u] * Cosines[(v * GreyGrid.Side) + y];
                }
            }
        }

        // What is zero but for rounding is zero.
        double[] exact = [.. low.Select(static value => Math.Round(value, 6))];
        double[] sorted = [.. exact.Order()];
        double median = (sorted[31] + sorted[32]) / 2;
        ulong hash = 0;
        foreach (double value in exact)
        {
            hash = (hash << 1) | (value > median ? 1UL : 0);
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
