using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules;

/// <summary>A test inside a rules file that did not come out as written.</summary>
internal sealed record RuleTestFailure(RuleDefinition Rule, RuleTest Test)
{
    public string Expected => Test.Match ? "match" : "no match";

    public string Got => Test.Match ? "no match" : "match";
}

/// <summary>Runs the tests that stand inside rules, through the same compiled rules that judge requests.</summary>
internal sealed record RuleTestRun(int Tests, IReadOnlyList<RuleTestFailure> Failures)
{
    public static RuleTestRun Of(RuleSet rules)
    {
        List<RuleTestFailure> failures = [];
        List<RuleInfo> hits = [];
        int tests = 0;
        foreach (RuleDefinition rule in rules.Source.Rules)
        {
            foreach (RuleTest test in rule.Tests)
            {
                tests++;
                hits.Clear();
                rules.Evaluate(test.Facts, hits);
                if (hits.Contains(rule.Info) != test.Match)
                {
                    failures.Add(new(rule, test));
                }
            }
        }

        return new(tests, failures);
    }
}
