namespace Whorl.Kernel;

/// <summary>What made a verdict.</summary>
internal enum VerdictCause
{
    /// <summary>Nothing spoke against the request.</summary>
    None = 0,

    /// <summary>A decision in force.</summary>
    Decision = 1,

    /// <summary>A rule that names an action.</summary>
    Rule = 2,

    /// <summary>The sum of rule weights reached a threshold.</summary>
    Score = 3,

    /// <summary>The request was refused unread: nothing judged it.</summary>
    Malformed = 4,
}

/// <summary>A rule as verdicts and their readers need it.</summary>
/// <param name="Weight">Added to the score; negative speaks for the client.</param>
/// <param name="Action">Done at once, where the rule names one.</param>
/// <param name="Simulated">Evaluated and shown, not enforced, and not counted into the score.</param>
internal sealed record RuleInfo(string Id, int Version, string Description, int Weight, DecisionAction? Action, bool Simulated);

/// <summary>What the edge does with one request, and why.</summary>
internal struct Verdict
{
    public DecisionAction Action;

    public VerdictCause Cause;

    /// <summary>Sum of the weights of the enforced rules that matched.</summary>
    public int Score;

    /// <summary>The decision that was found, enforced or simulated.</summary>
    public DecisionMatch Decision;

    /// <summary>The rule that named the action, where <see cref="Cause"/> is <see cref="VerdictCause.Rule"/>.</summary>
    public RuleInfo? Rule;

    /// <summary>What would have been done if simulated rules and decisions counted; equal to <see cref="Action"/> where they change nothing.</summary>
    public DecisionAction WouldBe;
}

/// <summary>Judges one request: decisions first, then rules. Synchronous; allocates nothing.</summary>
internal interface IRequestJudge
{
    /// <summary>Judges, and leaves the rules that matched in <paramref name="hits"/>, which is cleared first.</summary>
    Verdict Judge(IFacts facts, in ClientKeys client, List<RuleInfo> hits);
}
