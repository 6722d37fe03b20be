using Whorl.Fingerprints.Tcp;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>Writes a match the way the log of p0f 3.09b does.</summary>
internal static class P0fLog
{
    /// <summary>p0f's params without the type of service, which tells of the path and not of the stack.</summary>
    public static string WithoutTypeOfService(string notes)
    {
        string[] kept = [.. notes.Split(' ').Where(note => !note.StartsWith("tos:", StringComparison.Ordinal))];
        return kept.Length == 0 ? "none" : string.Join(' ', kept);
    }

    /// <summary>System, distance and params.</summary>
    public static string Describe(TcpStack stack, P0fSignatures signatures)
    {
        P0fMatch? match = signatures.Match(stack);
        int distance = match?.Distance ?? stack.Distance;
        string notes = (match?.Label.IsGeneric == true ? " generic" : "")
            + (match?.IsFuzzy == true ? " fuzzy" : "")
            + (match?.IsRandomTtl == true ? " random_ttl" : "")
            + (distance > TcpStack.MaxDistance ? " excess_dist" : "");
        return $"{match?.Label.ToString() ?? "???"} {(match?.IsRandomTtl == true ? "<= " : "")}{distance} {(notes.Length == 0 ? "none" : notes[1..])}";
    }
}
