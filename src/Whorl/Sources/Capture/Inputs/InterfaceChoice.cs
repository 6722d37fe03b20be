using Whorl.Native.Capture;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>Which interfaces to listen on.</summary>
/// <param name="Points">The interfaces; empty where none is set and none was found.</param>
/// <param name="Because">Why these, for a person; null where they were set.</param>
internal sealed record InterfaceChoice(IReadOnlyList<CapturePoint> Points, string? Because)
{
    public const string NothingFound = "no interface is set (Capture:Interfaces), and this machine has none of a decoy network (MACVLAN or IPVLAN)";

    // Kinds of interface that join a host to its decoy network, the first found kind wins.
    private static readonly string[] DecoyKinds = ["macvlan", "ipvlan"];

    /// <summary>
    /// What is set wins. Otherwise the interface under the decoy network's: the host's own MACVLAN or IPVLAN interface shows only what the host itself
    /// says and hears, its parent shows the conversations of every decoy. Where the parent is in another namespace (we are inside a decoy), the interface itself.
    /// </summary>
    public static InterfaceChoice Of(IReadOnlyList<CapturePoint> set, IReadOnlyList<NetworkLink> links)
    {
        if (set.Count > 0)
        {
            return new(set, null);
        }

        foreach (string kind in DecoyKinds)
        {
            List<NetworkLink> found = [.. links.Where(link => link.Kind == kind)];
            if (found.Count > 0)
            {
                IEnumerable<string> names = found.Select(link => ParentOf(link, links)?.Name ?? link.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
                return new([.. names.Select(name => new CapturePoint(name, null, name))], $"the decoy network's {kind} interfaces ({string.Join(", ", found.Select(link => link.Name))}) belong to it");
            }
        }

        return new([], null);
    }

    /// <summary>What a chosen interface will not show; null where nothing is to say.</summary>
    public static string? Blindness(CapturePoint point, IReadOnlyList<NetworkLink> links) =>
        point.Namespace is null && links.FirstOrDefault(link => link.Name == point.Interface) is { } link && DecoyKinds.Contains(link.Kind) && ParentOf(link, links) is { } parent
            ? $"{link.Name} shows only conversations of this host and what is sent to all; {parent.Name}, on which it stands, shows those of every decoy"
            : null;

    private static NetworkLink? ParentOf(NetworkLink link, IReadOnlyList<NetworkLink> links) =>
        link.Parent == 0 ? null : links.FirstOrDefault(other => other.Index == link.Parent);
}
