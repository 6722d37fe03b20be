using System.Collections.Frozen;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>The actions by the names that rules, thresholds and changes give them.</summary>
internal static class Actions
{
    private static readonly FrozenDictionary<string, DecisionAction> ByName =
        Enum.GetValues<DecisionAction>().ToFrozenDictionary(NameOf, StringComparer.Ordinal);

    public static string NameOf(DecisionAction action) => action switch
    {
        DecisionAction.Allow => "allow",
        DecisionAction.Throttle => "throttle",
        DecisionAction.Challenge => "challenge",
        DecisionAction.Captcha => "captcha",
        DecisionAction.Charge => "charge",
        DecisionAction.Tarpit => "tarpit",
        _ => "block",
    };

    /// <summary>The action that a node names; null where it is absent or, with a fault, where there is none of that name.</summary>
    public static DecisionAction? Read(YamlNode? node, List<ContentFault> faults)
    {
        if (node is null)
        {
            return null;
        }

        if (node is YamlText text && ByName.TryGetValue(text.Value, out DecisionAction action))
        {
            return action;
        }

        faults.Add(new(node.Place, $"an action is one of {string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal))}"));
        return null;
    }
}
