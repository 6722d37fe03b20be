using Whorl.Analysis.Rules;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel.Content;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rules;

/// <summary>The rules in content/rules, read once for all tests.</summary>
internal static class ShippedRules
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "content", "rules");

    public static RuleSource Source { get; } = Read();

    public static RuleSet Compiled { get; } = RuleCompiler.Compile(Source);

    private static RuleSource Read()
    {
        List<ContentFault> faults = [];
        RuleSource source = RuleReader.Read(RuleFiles.Read([Folder], faults));
        return source with { Faults = [.. faults, .. source.Faults] };
    }
}
