using System.Globalization;

namespace Whorl.Kernel;

/// <summary>Ports from one to another, both included.</summary>
internal readonly record struct PortRange(ushort First, ushort Last)
{
    public bool Contains(ushort port) => port >= First && port <= Last;

    /// <summary>Reads <c>61000-64999</c>.</summary>
    public static bool TryParse(string? text, out PortRange range)
    {
        string[] parts = (text ?? "").Split('-', StringSplitOptions.TrimEntries);
        bool read = parts.Length == 2
            & ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            & ushort.TryParse(parts.Length == 2 ? parts[1] : "", NumberStyles.None, CultureInfo.InvariantCulture, out ushort last);
        range = new(first, last);
        return read && first > 0 && first <= last;
    }

    public override string ToString() => $"{First}-{Last}";
}
