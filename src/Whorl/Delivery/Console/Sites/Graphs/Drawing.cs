using System.Globalization;
using Whorl.Analysis.Campaigns.Queries;

namespace Whorl.Delivery.WebConsole.Sites.Graphs;

/// <summary>A point on the sheet.</summary>
/// <param name="Label">Written beside it; null where there is no room. A text of strangers.</param>
/// <param name="About">Everything that hovering tells.</param>
/// <param name="LabelLeft">Whether the label ends at the point.</param>
internal sealed record DrawnPoint(string X, string Y, string Size, bool IsSite, bool IsFirm, string? Label, string About, string? Link, bool LabelLeft);

/// <summary>A line on the sheet.</summary>
internal sealed record DrawnLine(string X1, string Y1, string X2, string Y2, string Weight);

/// <summary>A campaign as it is drawn: SVG coordinates, complete without a script.</summary>
/// <param name="Hidden">Points that were left out.</param>
internal sealed record Drawing(int Width, int Height, IReadOnlyList<DrawnPoint> Points, IReadOnlyList<DrawnLine> Lines, int Hidden)
{
    /// <summary>More points are a cloud.</summary>
    public const int MaxPoints = 150;

    // With more, the sheet is higher.
    private const int Many = 40;

    private const int MaxLabel = 28;

    private const int Margin = 26;

    public static Drawing Of(CampaignGraph graph)
    {
        // Sites that hold most, and what most of them show, stay.
        List<GraphNode> nodes = [.. graph.Nodes.OrderByDescending(node => node.Member?.Strength ?? node.Shared?.Weight ?? 0).ThenBy(node => node.Id, StringComparer.Ordinal).Take(MaxPoints)];
        Dictionary<string, int> places = nodes.Select((node, i) => KeyValuePair.Create(node.Id, i)).ToDictionary(StringComparer.Ordinal);
        List<(int From, int To, double Weight)> edges =
            [.. graph.Edges.Where(edge => places.ContainsKey(edge.From) && places.ContainsKey(edge.To)).Select(edge => (places[edge.From], places[edge.To], Math.Clamp(edge.Weight, 0, 1)))];
        (double X, double Y)[] at = ForceLayout.Place(nodes.Count, edges);
        int width = 960, height = nodes.Count > Many ? 640 : 460;
        Labels labels = new([.. at.Select(place => (Margin + (place.X * (width - (2 * Margin))), Margin + (place.Y * (height - (2 * Margin)))))], width);
        (bool Left, bool Fits)[] sides = labels.Place([.. nodes.Select(LabelOf)], edges);
        string X(double x) => Number(Margin + (x * (width - (2 * Margin))));
        string Y(double y) => Number(Margin + (y * (height - (2 * Margin))));
        return new(
            width, height,
            [.. nodes.Select((node, i) => Point(node, X(at[i].X), Y(at[i].Y), sides[i].Fits, sides[i].Left))],
            [.. edges.Select(edge => new DrawnLine(X(at[edge.From].X), Y(at[edge.From].Y), X(at[edge.To].X), Y(at[edge.To].Y), Number(0.5 + (edge.Weight * 1.5))))],
            graph.Nodes.Count - nodes.Count + graph.Hidden);
    }

    private static DrawnPoint Point(GraphNode node, string x, string y, bool labelled, bool left)
    {
        string label = NameOf(node);
        string about = node.Shared is { } shared
            ? $"{shared.Feature.Kind}: {Cut(shared.Feature.Value, 200)}, shown by {shared.Members} members and {shared.Shown} sites of all"
            : $"{Cut(label, 200)}{(node.Member is { } member ? $", held by {member.Strength.ToString("0.00", CultureInfo.InvariantCulture)}" : "")}";
        string size = Number(node.Shared is { } feature ? 3.5 + Math.Min(feature.Members, 40) / 8.0 : 5);
        string? link = node.Shared is { } one ? SiteLinks.Feature(one.Feature.Kind, one.Feature.Value) : SiteLinks.Site(label);
        return new(x, y, size, node.Shared is null, node.Member?.Firm ?? true, labelled ? LabelOf(node) : null, about, link, left);
    }

    private static string NameOf(GraphNode node) => node.Member?.Site.Site ?? node.Shared?.Feature.Value ?? node.Id;

    private static string LabelOf(GraphNode node) => Cut(NameOf(node), MaxLabel);

    private static string Cut(string text, int most) => text.Length > most ? text[..most] + "…" : text;

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
