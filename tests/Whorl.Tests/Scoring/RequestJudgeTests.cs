using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Analysis.Scoring;
using Whorl.Kernel;

namespace Whorl.Tests.Scoring;

public sealed class RequestJudgeTests
{
    private readonly List<RuleInfo> _hits = [];

    [Fact]
    public void Nothing_against_a_request_lets_it_through()
    {
        Verdict verdict = Judge("path: /none", null);
        (verdict.Action, verdict.Cause, verdict.WouldBe, verdict.Score).ShouldBe((DecisionAction.Allow, VerdictCause.None, DecisionAction.Allow, 0));
        _hits.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Allow")]
    [InlineData("Block")]
    public void A_decision_to_allow_or_block_ends_it(string named)
    {
        DecisionAction action = Enum.Parse<DecisionAction>(named);
        Verdict verdict = Judge("block", Decide(action));
        (verdict.Action, verdict.Cause, verdict.WouldBe).ShouldBe((action, VerdictCause.Decision, action));
        _hits.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("block", "Block", "Rule")]
    [InlineData("throttle", "Tarpit", "Decision")]
    [InlineData("tarpit", "Tarpit", "Decision")]
    [InlineData("allow", "Tarpit", "Decision")]
    [InlineData("heavy", "Block", "Score")]
    public void A_milder_decision_yields_only_to_something_stronger(string path, string action, string cause)
    {
        Verdict verdict = Judge(path, Decide(DecisionAction.Tarpit));
        ($"{verdict.Action}", $"{verdict.Cause}").ShouldBe((action, cause));
    }

    [Theory]
    [InlineData("throttle block", "Block", "Rule", "block")]
    [InlineData("allow block heavy", "Allow", "Rule", "allow")]
    [InlineData("throttle heavy", "Block", "Score", null)]
    [InlineData("block heavy", "Block", "Rule", "block")]
    [InlineData("light", "Allow", "None", null)]
    [InlineData("light middle", "Throttle", "Score", null)]
    [InlineData("heavy good", "Throttle", "Score", null)]
    public void Rules_with_actions_and_the_score_meet_and_the_stronger_is_done(string path, string action, string cause, string? rule)
    {
        Verdict verdict = Judge(path, null);
        ($"{verdict.Action}", $"{verdict.Cause}", verdict.Rule?.Id).ShouldBe((action, cause, rule));
        verdict.WouldBe.ShouldBe(verdict.Action);
    }

    [Fact]
    public void A_simulated_rule_is_shown_but_not_enforced()
    {
        Verdict verdict = Judge("light sim-block sim-heavy", null);
        (verdict.Action, verdict.Cause, verdict.Score, verdict.WouldBe).ShouldBe((DecisionAction.Allow, VerdictCause.None, 20, DecisionAction.Block));
        _hits.Select(hit => hit.Id).ShouldBe(["light", "sim-block", "sim-heavy"], ignoreOrder: true);
    }

    [Fact]
    public void A_simulated_decision_is_shown_but_not_enforced()
    {
        Verdict verdict = Judge("light", Decide(DecisionAction.Block, simulated: true));
        (verdict.Action, verdict.WouldBe, verdict.Decision.Found).ShouldBe((DecisionAction.Allow, DecisionAction.Block, true));

        Verdict allowed = Judge("block", Decide(DecisionAction.Allow, simulated: true));
        (allowed.Action, allowed.WouldBe).ShouldBe((DecisionAction.Block, DecisionAction.Allow));
    }

    [Fact]
    public void The_list_of_hits_is_cleared_first()
    {
        Judge("block", null);
        Judge("none", null);
        _hits.ShouldBeEmpty();
    }

    private Verdict Judge(string path, DecisionMatch? decision)
    {
        RuleSet rules = RuleCompiler.Compile(RuleReader.Read(new RuleText("f", """
            thresholds: { throttle: 50, block: 100 }
            rules:
            - { id: allow, version: 1, description: d, action: allow, when: { field: http.path, token: allow } }
            - { id: throttle, version: 1, description: d, action: throttle, when: { field: http.path, token: throttle } }
            - { id: tarpit, version: 1, description: d, action: tarpit, when: { field: http.path, token: tarpit } }
            - { id: block, version: 1, description: d, action: block, when: { field: http.path, token: block } }
            - { id: sim-block, version: 1, description: d, action: block, simulate: true, when: { field: http.path, token: sim-block } }
            - { id: sim-heavy, version: 1, description: d, weight: 100, simulate: true, when: { field: http.path, token: sim-heavy } }
            - { id: heavy, version: 1, description: d, weight: 100, when: { field: http.path, token: heavy } }
            - { id: middle, version: 1, description: d, weight: 30, when: { field: http.path, token: middle } }
            - { id: light, version: 1, description: d, weight: 20, when: { field: http.path, token: light } }
            - { id: good, version: 1, description: d, weight: -30, when: { field: http.path, token: good } }
            """)));
        return RequestJudge.Judge(new Fixed(decision ?? default), rules, new FactBag().With(Fields.HttpPath, path), default, _hits);
    }

    private static DecisionMatch Decide(DecisionAction action, bool simulated = false) => new(default, DecisionScope.Ip, action, simulated, "cli", "manual", "");

    private sealed class Fixed(DecisionMatch match) : IDecisionLookup
    {
        public DecisionMatch Find(in ClientKeys client) => match;
    }
}
