namespace Whorl.Kernel;

/// <summary>What is known of a client when decisions are looked up; absent parts are null or zero.</summary>
internal readonly record struct ClientKeys(PeerAddress Address, string? Session, string? Ja4, uint Asn, string? Country);

/// <summary>The decision that governs a client. A default value means: none.</summary>
/// <param name="Simulated">True where the only match is a simulated one: show it, do not enforce it.</param>
internal readonly record struct DecisionMatch(
    DecisionId Id, DecisionScope Scope, DecisionAction Action, bool Simulated, string Origin, string Scenario, string Reason)
{
    public bool Found => Origin is not null;
}

/// <summary>
/// Decisions in force, in memory. Never waits, never allocates. The order: session, then address by longest prefix, then JA4, AS number, country;
/// the first scope with a live decision governs. Of several decisions on one value <c>allow</c> governs, then the strongest action;
/// an expired one is passed over for the next, and the enclosing prefix after that. An enforced match anywhere comes before a simulated one.
/// </summary>
internal interface IDecisionLookup
{
    DecisionMatch Find(in ClientKeys client);
}

/// <summary>Makes and ends decisions. When the task ends the change is stored and on its way to every edge.</summary>
internal interface IDecisionWriter
{
    Task AddAsync(IReadOnlyList<Decision> decisions, CancellationToken cancel);

    /// <summary>Ends decisions by id; how many were in force is returned.</summary>
    Task<int> DeleteAsync(IReadOnlyList<DecisionId> ids, CancellationToken cancel);
}
