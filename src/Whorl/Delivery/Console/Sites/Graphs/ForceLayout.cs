namespace Whorl.Delivery.WebConsole.Sites.Graphs;

/// <summary>
/// Places for the points of a graph: lines pull, points push (Fruchterman and Reingold, 1991), with a weak pull to the middle that keeps parts without a line
/// between them on the sheet. The start is a spiral and nothing is drawn by lot, so the same graph always looks the same.
/// </summary>
internal static class ForceLayout
{
    // With 150 points this is 4 million pairs: some ten milliseconds. More steps move nothing that one sees.
    private const int Steps = 180;

    // An angle that never repeats a direction: the golden one.
    private const double Turn = 2.399963229728653;

    // A line of full weight is as long as the free space around a point.
    private const double Gravity = 0.35;

    private const double Closest = 1e-4;

    /// <summary>Coordinates between 0 and 1, one for each point.</summary>
    public static (double X, double Y)[] Place(int points, IReadOnlyList<(int From, int To, double Weight)> lines)
    {
        double[] x = new double[points], y = new double[points], dx = new double[points], dy = new double[points];
        for (int i = 0; i < points; i++)
        {
            double far = Math.Sqrt((i + 0.5) / points) / 2;
            (x[i], y[i]) = (0.5 + (far * Math.Cos(i * Turn)), 0.5 + (far * Math.Sin(i * Turn)));
        }

        double room = Math.Sqrt(1.0 / Math.Max(points, 1)) * 0.8;
        for (int step = 0; step < Steps; step++)
        {
            double heat = 0.1 * (1 - ((double)step / Steps));
            Push(x, y, dx, dy, room);
            foreach ((int from, int to, double weight) in lines)
            {
                double ax = x[from] - x[to], ay = y[from] - y[to], far = Math.Max(Math.Sqrt((ax * ax) + (ay * ay)), Closest);
                double pull = far / room * (0.3 + weight);
                dx[from] -= ax * pull;
                dy[from] -= ay * pull;
                dx[to] += ax * pull;
                dy[to] += ay * pull;
            }

            for (int i = 0; i < points; i++)
            {
                dx[i] += (0.5 - x[i]) * Gravity;
                dy[i] += (0.5 - y[i]) * Gravity;
                double far = Math.Max(Math.Sqrt((dx[i] * dx[i]) + (dy[i] * dy[i])), Closest), move = Math.Min(far, heat);
                x[i] += dx[i] / far * move;
                y[i] += dy[i] / far * move;
            }
        }

        return Fit(x, y);
    }

    private static void Push(double[] x, double[] y, double[] dx, double[] dy, double room)
    {
        Array.Clear(dx);
        Array.Clear(dy);
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = i + 1; j < x.Length; j++)
            {
                double ax = x[i] - x[j], ay = y[i] - y[j], square = Math.Max((ax * ax) + (ay * ay), Closest * Closest);
                double push = room * room / square;
                dx[i] += ax * push;
                dy[i] += ay * push;
                dx[j] -= ax * push;
                dy[j] -= ay * push;
            }
        }
    }

    // The whole sheet is used, in both directions.
    private static (double, double)[] Fit(double[] x, double[] y)
    {
        if (x.Length == 0)
        {
            return [];
        }

        double left = x.Min(), top = y.Min(), wide = Math.Max(x.Max() - left, Closest), high = Math.Max(y.Max() - top, Closest);
        return [.. x.Select((value, i) => (Single(x, (value - left) / wide), Single(y, (y[i] - top) / high)))];
    }

    private static double Single(double[] all, double value) => all.Length == 1 ? 0.5 : value;
}
