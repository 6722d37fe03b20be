using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>
/// Reads <c>changes:</c>, by which an operator alters rules that stand in files an upgrade replaces. Of several changes to one rule
/// that of the later folder counts.
/// </summary>
internal sealed class ChangeReader(List<ContentFault> faults)
{
    private const int MaxChanges = 10_000;

    private static readonly string[] Keys = ["rule", "enabled", "simulate", "weight", "action"];

    private readonly Dictionary<string, Change> _changes = new(StringComparer.Ordinal);

    public void Read(Schema root, int layer)
    {
        foreach (YamlNode node in root.Items("changes", MaxChanges))
        {
            if (Schema.Of(node, "a change", Keys, faults) is not { } schema)
            {
                continue;
            }

            schema.Require("rule", "a change");
            Change change = new(
                layer, node.Place, schema.Flag("enabled"), schema.Flag("simulate"),
                schema.Integer("weight", -RuleReader.MaxWeight, RuleReader.MaxWeight), Actions.Read(schema.Find("action"), faults));
            if (schema.Map.Entries.Count < 2)
            {
                faults.Add(new(node.Place, "this change changes nothing", "add enabled, simulate, weight or action"));
            }

            if (schema.Text("rule", 64) is not { } id)
            {
                continue;
            }

            if (!_changes.TryGetValue(id, out Change? other) || other.Layer < layer)
            {
                _changes[id] = change;
            }
            else
            {
                faults.Add(new(node.Place, $"{id} is changed at {other.Place} too"));
            }
        }
    }

    /// <summary>The rules as changed, without those turned off. <paramref name="known"/> also holds rules that are faulty.</summary>
    public IReadOnlyList<RuleDefinition> Apply(IReadOnlyList<RuleDefinition> rules, IReadOnlyDictionary<string, ContentPlace> known)
    {
        foreach ((string id, Change change) in _changes)
        {
            if (!known.ContainsKey(id))
            {
                faults.Add(new(change.Place, $"there is no rule {Schema.Quote(id)}", NearestName.Hint(id, known.Keys)));
            }
        }

        List<RuleDefinition> changed = new(rules.Count);
        foreach (RuleDefinition rule in rules)
        {
            if (!_changes.TryGetValue(rule.Info.Id, out Change? change))
            {
                changed.Add(rule);
            }
            else if (change.Enabled != false)
            {
                RuleInfo info = rule.Info with
                {
                    Simulated = change.Simulate ?? rule.Info.Simulated,
                    Weight = change.Weight ?? rule.Info.Weight,
                    Action = change.Action ?? rule.Info.Action,
                };
                changed.Add(rule with { Info = info });
            }
        }

        return changed;
    }

    private sealed record Change(int Layer, ContentPlace Place, bool? Enabled, bool? Simulate, int? Weight, DecisionAction? Action);
}
