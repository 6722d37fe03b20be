using System.Diagnostics.CodeAnalysis;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>Where to listen: an interface, perhaps of another network namespace. Written <c>eth0</c>, <c>NAMESPACE:eth0</c> or <c>/proc/PID/ns/net:eth0</c>.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Namespace">Path of the namespace; null for the process's own.</param>
/// <param name="Text">As written; the name that observations carry.</param>
internal sealed record CapturePoint(string Interface, string? Namespace, string Text)
{
    // Where `ip netns` keeps them.
    private const string NamedNamespaces = "/var/run/netns/";

    // IFNAMSIZ without its ending zero.
    private const int MaxName = 15;

    public static bool TryParse(string? text, [NotNullWhen(true)] out CapturePoint? point)
    {
        point = null;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        // A colon cannot stand in the name of an interface.
        int colon = text.LastIndexOf(':');
        string name = text[(colon + 1)..];
        if (name.Length is 0 or > MaxName || name is "." or ".." || name.Any(c => c == '/' || char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            return false;
        }

        if (colon < 0)
        {
            point = new(name, null, text);
            return true;
        }

        string space = text[..colon];
        if (space.Length == 0 || (!space.StartsWith('/') && (space.Contains('/') || space is "." or "..")))
        {
            return false;
        }

        point = new(name, space.StartsWith('/') ? space : NamedNamespaces + space, text);
        return true;
    }

    public override string ToString() => Text;
}
