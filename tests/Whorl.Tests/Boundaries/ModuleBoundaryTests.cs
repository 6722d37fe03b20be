using System.Text.RegularExpressions;
using Whorl.Tests.Support;

namespace Whorl.Tests.Boundaries;

/// <summary>Arrows between modules point one way (docs/architecture.md, "Who may use whom"), read off the source text.</summary>
public sealed partial class ModuleBoundaryTests
{
    // What each stage may name. A module may also name its own parts; Hosting composes everything and is not listed.
    private static readonly Dictionary<string, string[]> MayUse = new(StringComparer.Ordinal)
    {
        ["Kernel"] = [],
        ["Bus"] = ["Kernel"],
        ["Stores"] = ["Kernel"],
        ["Sources"] = ["Kernel", "Bus", "Stores"],
        ["Analysis"] = ["Kernel", "Bus", "Stores"],
        ["Delivery"] = ["Kernel", "Bus", "Stores", "Sources", "Analysis"],
    };

    [Fact]
    public void Every_arrow_between_modules_points_one_way() => Breaches(SourceFiles()).ShouldBeEmpty();

    [Theory]
    [InlineData("Sources/Edge/X.cs", "using Whorl.Analysis.Rules;", "Sources may not use Analysis")]
    [InlineData("Kernel/X.cs", "using Whorl.Bus;", "Kernel may not use Bus")]
    [InlineData("Analysis/Rules/X.cs", "Whorl.Delivery.Cli.Output x;", "Analysis may not use Delivery")]
    [InlineData("Analysis/Rules/X.cs", "using Whorl.Analysis.Decisions;", "Analysis.Rules may not use its sibling Analysis.Decisions")]
    [InlineData("Delivery/Cli/X.cs", "using Whorl.Hosting;", "Delivery may not use Hosting")]
    public void A_backward_arrow_is_named(string file, string text, string breach) =>
        Breaches([(file, text)]).ShouldHaveSingleItem().ShouldContain(breach);

    [Fact]
    public void The_library_has_no_packages_and_names_nothing_of_the_application()
    {
        string library = Path.Combine(Repository.Root, "src", "Whorl.Fingerprints");
        File.ReadAllText(Path.Combine(library, "Whorl.Fingerprints.csproj")).ShouldNotContain("PackageReference");
        foreach (string file in Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories).Where(IsOurs))
        {
            UseOf().Matches(File.ReadAllText(file)).Select(match => match.Groups["stage"].Value).ShouldAllBe(name => name == "Fingerprints", file);
        }
    }

    [Fact]
    public void Program_only_composes() =>
        File.ReadAllLines(Path.Combine(Repository.Root, "src", "Whorl", "Program.cs")).Length.ShouldBeLessThan(80);

    private static List<string> Breaches(IEnumerable<(string File, string Text)> sources)
    {
        List<string> breaches = [];
        foreach ((string file, string text) in sources)
        {
            string[] parts = file.Split('/');
            if (!MayUse.TryGetValue(parts[0], out string[]? allowed))
            {
                continue;
            }

            foreach (Match use in UseOf().Matches(text))
            {
                string stage = use.Groups["stage"].Value, module = use.Groups["module"].Value;
                if (stage is "Fingerprints" or "Native" or "Tests" || allowed.Contains(stage))
                {
                    continue;
                }

                if (stage != parts[0])
                {
                    breaches.Add($"{file}: {parts[0]} may not use {stage}");
                }
                else if (parts[0] is "Sources" or "Analysis" && module.Length > 0 && parts.Length > 2 && module != parts[1] && !Shared.Contains((parts[1], module)))
                {
                    breaches.Add($"{file}: {parts[0]}.{parts[1]} may not use its sibling {stage}.{module}");
                }
            }
        }

        return [.. breaches.Distinct(StringComparer.Ordinal)];
    }

    // The rule language serves several analyses; scoring is its first user.
    private static readonly HashSet<(string User, string Used)> Shared = [("Scoring", "Rules")];

    private static IEnumerable<(string File, string Text)> SourceFiles()
    {
        string root = Path.Combine(Repository.Root, "src", "Whorl");
        return Directory.EnumerateFiles(root, "*.*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".razor", StringComparison.Ordinal))
            .Where(IsOurs)
            .Select(file => (Path.GetRelativePath(root, file).Replace('\\', '/'), File.ReadAllText(file)));
    }

    private static bool IsOurs(string file) => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    [GeneratedRegex(@"\bWhorl\.(?<stage>Kernel|Bus|Stores|Sources|Analysis|Delivery|Hosting|Fingerprints|Native)\b(?:\.(?<module>\w+))?", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex UseOf();
}
