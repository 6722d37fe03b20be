namespace Whorl.Sources.Sites.Pages.Images;

/// <summary>
/// A picture as 32 × 32 means of grey while it is decoded: no memory by its size. Each cell is the mean of the pixels in it;
/// of a smaller picture a pixel fills several cells. What is transparent, or never drawn, is white.
/// </summary>
internal sealed class GreyGrid
{
    public const int Side = 32;

    /// <summary>No side of an icon or screenshot is longer.</summary>
    public const int MaxSide = 4096;

    /// <summary>Pixels that are decoded: 2048 × 2048. Any one takes some nanoseconds, and a hundred kilobytes may claim to hold millions.</summary>
    public const int MaxPixels = 2048 * 2048;

    private const int White = 255;

    private readonly long[] _sums = new long[Side * Side];
    private readonly int[] _counts = new int[Side * Side];

    private GreyGrid(int width, int height) => (Width, Height) = (width, height);

    public int Width { get; }

    public int Height { get; }

    /// <summary>Null where the size is none, or more than is decoded.</summary>
    public static GreyGrid? Of(long width, long height) =>
        width is > 0 and <= MaxSide && height is > 0 and <= MaxSide && width * height <= MaxPixels ? new((int)width, (int)height) : null;

    /// <summary>Rec. 601 luma over white. What lies outside is not drawn.</summary>
    public void Add(int x, int y, int red, int green, int blue, int alpha = White) =>
        Add(x, y, White + ((((299 * red) + (587 * green) + (114 * blue)) / 1000 - White) * alpha / White));

    public void Add(int x, int y, int grey)
    {
        if ((uint)x >= (uint)Width || (uint)y >= (uint)Height)
        {
            return;
        }

        (int left, int right) = Cells(x, Width);
        (int top, int bottom) = Cells(y, Height);
        for (int row = top; row <= bottom; row++)
        {
            for (int column = left; column <= right; column++)
            {
                _sums[(row * Side) + column] += grey;
                _counts[(row * Side) + column]++;
            }
        }
    }

    /// <summary>The means, row by row.</summary>
    public double[] Means()
    {
        double[] means = new double[Side * Side];
        for (int i = 0; i < means.Length; i++)
        {
            means[i] = _counts[i] == 0 ? White : (double)_sums[i] / _counts[i];
        }

        return means;
    }

    // Cell c is that of the pixels from floor(c·size/32) up to floor((c+1)·size/32), at least one.
    private static (int First, int Last) Cells(int at, int size)
    {
        int last = ((((at + 1) * Side) + size - 1) / size) - 1;
        int first = ((at * Side) + size - 1) / size;
        return (Math.Min(first, last), last);
    }
}
