using Whorl.Analysis.Rules;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Kernel;

namespace Whorl.Analysis.Scoring;

/// <summary>
/// Judges requests by decisions, then rules, then the sum of weights.
/// A decision to allow ends it. Otherwise the strongest of these is done: the decision, the strongest rule with an action, and what the score
/// reaches; of equals the earlier in this order is named as the cause. A rule that allows outweighs other rules and the score, not a decision.
/// </summary>
internal sealed class RequestJudge(IDecisionLookup decisions, RuleLibrary rules) : IRequestJudge
{
    public Verdict Judge(IFacts facts, in ClientKeys client, List<RuleInfo> hits) => Judge(decisions, rules.Current, facts, client, hits);

    public static Verdict Judge(IDecisionLookup decisions, RuleSet rules, IFacts facts, in ClientKeys client, List<RuleInfo> hits)
    {
        hits.Clear();
        Verdict verdict = new() { Decision = decisions.Find(client) };
        DecisionAction? decided = verdict.Decision is { Found: true, Simulated: false } ? verdict.Decision.Action : null;

        // Nothing undoes an allowance and nothing is stronger than a block: the rules would only cost time.
        if (decided is DecisionAction.Allow or DecisionAction.Block)
        {
            verdict.Action = verdict.WouldBe = decided.Value;
            verdict.Cause = VerdictCause.Decision;
            return verdict;
        }

        rules.Evaluate(facts, hits);
        if (hits.Count == 0 && !verdict.Decision.Found)
        {
            return verdict;
        }

        Tally enforced = Tally.Of(hits, withSimulated: false);
        (verdict.Action, verdict.Cause) = Weigh(decided, enforced, rules);
        verdict.Score = enforced.Score;
        verdict.Rule = verdict.Cause == VerdictCause.Rule ? enforced.Rule : null;

        DecisionAction? wouldDecide = verdict.Decision.Found ? verdict.Decision.Action : null;
        verdict.WouldBe = Weigh(wouldDecide, Tally.Of(hits, withSimulated: true), rules).Action;
        return verdict;
    }

    private static (DecisionAction Action, VerdictCause Cause) Weigh(DecisionAction? decided, in Tally tally, RuleSet rules)
    {
        if (decided == DecisionAction.Allow)
        {
            return (DecisionAction.Allow, VerdictCause.Decision);
        }

        (DecisionAction Action, VerdictCause Cause) strongest = decided is { } action ? (action, VerdictCause.Decision) : (DecisionAction.Allow, VerdictCause.None);
        if (tally.Rule is { } rule && (rule.Action > strongest.Action || (rule.Action == DecisionAction.Allow && decided is null)))
        {
            strongest = (rule.Action!.Value, VerdictCause.Rule);
        }

        DecisionAction scored = tally.Rule?.Action == DecisionAction.Allow ? DecisionAction.Allow : rules.ActionFor(tally.Score);
        return scored > strongest.Action ? (scored, VerdictCause.Score) : strongest;
    }

    /// <summary>What some hits come to.</summary>
    /// <param name="Score">Sum of weights.</param>
    /// <param name="Rule">The rule whose action counts: the first that allows, else the first of the strongest.</param>
    private readonly record struct Tally(int Score, RuleInfo? Rule)
    {
        public static Tally Of(List<RuleInfo> hits, bool withSimulated)
        {
            int score = 0;
            RuleInfo? rule = null;
            foreach (RuleInfo hit in hits)
            {
                if (hit.Simulated && !withSimulated)
                {
                    continue;
                }

                score += hit.Weight;
                if (hit.Action is { } action && (rule is null || (rule.Action != DecisionAction.Allow && (action == DecisionAction.Allow || action > rule.Action))))
                {
                    rule = hit;
                }
            }

            return new(score, rule);
        }
    }
}
