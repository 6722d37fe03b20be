using Whorl.Kernel;

namespace Whorl.Tests.Decisions;

/// <summary>The order documented at <see cref="IDecisionLookup"/>, as a person would write it down: look at every decision.</summary>
internal static class LinearModel
{
    private static readonly DecisionScope[][] ScopeOrder =
        [[DecisionScope.Session], [DecisionScope.Ip, DecisionScope.Range], [DecisionScope.Ja4], [DecisionScope.Asn], [DecisionScope.Country]];

    public static Decision? Find(IEnumerable<Decision> decisions, ClientKeys client, DateTimeOffset now)
    {
        Decision[] live = [.. decisions.Where(decision => (decision.Until is null || decision.Until > now) && Matches(decision, client))];
        return First(live.Where(decision => !decision.Simulated)) ?? First(live.Where(decision => decision.Simulated));
    }

    private static Decision? First(IEnumerable<Decision> live) => live
        .OrderBy(decision => Array.FindIndex(ScopeOrder, scopes => scopes.Contains(decision.Scope)))
        .ThenByDescending(decision => IsAddress(decision) ? NetworkOf(decision).Length : 0)
        .ThenByDescending(decision => decision.Action == DecisionAction.Allow)
        .ThenByDescending(decision => decision.Action)
        .ThenByDescending(decision => decision.Until ?? DateTimeOffset.MaxValue)
        .ThenByDescending(decision => decision.Id.Value)
        .FirstOrDefault();

    private static bool Matches(Decision decision, ClientKeys client) => decision.Scope switch
    {
        DecisionScope.Session => decision.Value == client.Session,
        DecisionScope.Ip or DecisionScope.Range => NetworkOf(decision).Contains(client.Address),
        DecisionScope.Ja4 => decision.Value == client.Ja4,
        DecisionScope.Asn => client.Asn != 0 && decision.Value == client.Asn.ToString(),
        _ => decision.Value == client.Country,
    };

    private static bool IsAddress(Decision decision) => decision.Scope is DecisionScope.Ip or DecisionScope.Range;

    private static Network NetworkOf(Decision decision)
    {
        Network.TryParse(decision.Value, out Network network).ShouldBeTrue();
        return network;
    }
}
