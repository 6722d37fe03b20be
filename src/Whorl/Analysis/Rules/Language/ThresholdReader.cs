using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>Reads <c>thresholds:</c>, a map of actions to scores. One folder may hold one such section; that of a later folder replaces it whole.</summary>
internal sealed class ThresholdReader(List<ContentFault> faults)
{
    private const int MaxScore = 1_000_000;

    private ContentPlace _place;
    private int _layer = -1;

    public IReadOnlyList<Threshold> Result { get; private set; } = [];

    public void Read(YamlNode? node, int layer)
    {
        if (node is null)
        {
            return;
        }

        if (layer == _layer)
        {
            faults.Add(new(node.Place, $"there are other thresholds at {_place}"));
            return;
        }

        if (node is not YamlMap { Entries.Count: > 0 } map)
        {
            faults.Add(new(node.Place, "thresholds must be a map of actions to scores, such as block: 100"));
            return;
        }

        List<Threshold> thresholds = [];
        foreach ((YamlText name, YamlNode value) in map.Entries)
        {
            DecisionAction? action = Actions.Read(name, faults);
            if (action == DecisionAction.Allow)
            {
                faults.Add(new(name.Place, "a score cannot allow: what no threshold stops is allowed"));
            }
            else if (value is not YamlText text || !int.TryParse(text.Value, out int score) || score is < 1 or > MaxScore)
            {
                faults.Add(new(value.Place, $"a threshold is a whole number from 1 to {MaxScore}"));
            }
            else if (action is { } known)
            {
                thresholds.Add(new(score, known));
            }
        }

        thresholds.Sort((left, right) => left.Score.CompareTo(right.Score));
        for (int i = 1; i < thresholds.Count; i++)
        {
            if (thresholds[i].Score == thresholds[i - 1].Score || thresholds[i].Action < thresholds[i - 1].Action)
            {
                faults.Add(new(node.Place, $"{Actions.NameOf(thresholds[i].Action)} at {thresholds[i].Score} must be stronger than {Actions.NameOf(thresholds[i - 1].Action)} at {thresholds[i - 1].Score}"));
            }
        }

        if (layer > _layer)
        {
            (Result, _layer, _place) = (thresholds, layer, node.Place);
        }
    }
}
