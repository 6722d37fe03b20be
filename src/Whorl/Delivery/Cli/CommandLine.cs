using System.CommandLine;

namespace Whorl.Delivery.Cli;

/// <summary>The verbs of <c>whorl</c>. Each verb is a class with a static <c>Create()</c>; this is their list.</summary>
internal static class CommandLine
{
    public static RootCommand Create(params IEnumerable<Command> hosting)
    {
        RootCommand root = new("Fingerprints who connects, deceives attackers and scrapers, decides what to do, shows why.");
        foreach (Command command in hosting)
        {
            root.Add(command);
        }

        return root;
    }
}
