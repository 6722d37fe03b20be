namespace Whorl.Delivery.WebConsole.Sites.Graphs;

/// <summary>Where names stand beside points: away from what a point is joined to, and only where they cover neither a point nor another name, and do not leave the sheet.</summary>
internal sealed class Labels((double X, double Y)[] points, double sheetWidth)
{
    // Of the type that the style sheet names, in units of the sheet.
    private const double LetterWidth = 5.8;

    private const double Height = 11;

    private const double Gap = 8;

    private const double PointSize = 5;

    public (bool Left, bool Fits)[] Place(IReadOnlyList<string> names, IReadOnlyList<(int From, int To, double Weight)> lines)
    {
        double[] away = new double[points.Length];
        int[] joined = new int[points.Length];
        foreach ((int from, int to, _) in lines)
        {
            away[from] += points[from].X - points[to].X;
            away[to] += points[to].X - points[from].X;
            joined[from]++;
            joined[to]++;
        }

        // What most lines lead to is named first.
        List<(double Left, double Top, double Right, double Bottom)> taken = [.. points.Select(point => (point.X - PointSize, point.Y - PointSize, point.X + PointSize, point.Y + PointSize))];
        (bool Left, bool Fits)[] sides = new (bool, bool)[points.Length];
        foreach (int i in Enumerable.Range(0, points.Length).OrderByDescending(i => joined[i]).ThenBy(i => i))
        {
            bool left = away[i] < 0;
            foreach (bool side in (bool[])[left, !left])
            {
                double width = names[i].Length * LetterWidth, from = side ? points[i].X - Gap - width : points[i].X + Gap, top = points[i].Y - (Height / 2);
                if (from < 0 || from + width > sheetWidth || taken.Exists(box => box.Left < from + width && from < box.Right && box.Top < top + Height && top < box.Bottom))
                {
                    continue;
                }

                taken.Add((from, top, from + width, top + Height));
                sides[i] = (side, true);
                break;
            }
        }

        return sides;
    }
}
