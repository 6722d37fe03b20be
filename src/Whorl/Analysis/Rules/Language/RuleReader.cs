using System.Globalization;
using System.Text.RegularExpressions;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>Reads rules files: all of them together, since lists and ids are shared. Never throws; every fault is found in one pass.</summary>
internal sealed partial class RuleReader
{
    // A rule costs a nanosecond or so per request; far more than these is a generated list, which belongs into lists: or decisions.
    public const int MaxRules = 10_000;

    // Larger than all shipped files together; a larger file is some other file.
    public const int MaxFileLength = 4 * 1024 * 1024;

    public const int MaxWeight = 1_000;

    private const int MaxTextLength = 1_000;

    private const int MaxTests = 1_000;

    private static readonly YamlLanguage Yaml = new("a rules file", "rule language", "use lists: for values that several rules share");

    private static readonly string[] FileKeys = ["lists", "rules", "thresholds", "changes"];

    private static readonly string[] RuleKeys = ["id", "version", "description", "references", "simulate", "when", "weight", "action", "tests"];

    private readonly List<ContentFault> _faults = [];
    private readonly Dictionary<string, IReadOnlyList<YamlText>> _lists = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContentPlace> _places = new(StringComparer.Ordinal);
    private readonly List<RuleDefinition> _rules = [];
    private readonly ValueReader _values;
    private readonly ConditionReader _conditions;
    private readonly ThresholdReader _thresholds;
    private readonly ChangeReader _changes;

    private RuleReader()
    {
        _values = new(_lists, _faults);
        _conditions = new(_values, _faults);
        _thresholds = new(_faults);
        _changes = new(_faults);
    }

    public static RuleSource Read(params IReadOnlyList<RuleText> files)
    {
        RuleReader reader = new();
        List<(RuleText Text, Schema Root)> roots = [];
        foreach (RuleText file in files)
        {
            if (reader.ReadRoot(file) is { } root)
            {
                roots.Add((file, root));
            }
        }

        foreach ((_, Schema root) in roots)
        {
            reader.ReadLists(root);
        }

        foreach ((RuleText text, Schema root) in roots)
        {
            reader.ReadRules(root);
            reader._thresholds.Read(root.Find("thresholds"), text.Layer);
            reader._changes.Read(root, text.Layer);
        }

        IReadOnlyList<RuleDefinition> rules = reader._changes.Apply(reader._rules, reader._places);
        return new(rules, reader._thresholds.Result, [.. reader._faults.OrderBy(fault => fault.Place.File, StringComparer.Ordinal).ThenBy(fault => fault.Place.Line).ThenBy(fault => fault.Place.Column)]);
    }

    private Schema? ReadRoot(RuleText file)
    {
        if (file.Content.Length > MaxFileLength)
        {
            _faults.Add(new(new(file.File, 1, 1), $"a rules file may be {MaxFileLength / 1024 / 1024} MiB long"));
            return null;
        }

        return YamlTree.Read(file.File, file.Content, Yaml, _faults) is { } root ? Schema.Of(root, "a rules file", FileKeys, _faults) : null;
    }

    private void ReadLists(Schema root)
    {
        if (root.Find("lists") is not { } node)
        {
            return;
        }

        if (node is not YamlMap map)
        {
            _faults.Add(new(node.Place, "lists must be a map of names to lists of values"));
            return;
        }

        foreach ((YamlText name, YamlNode value) in map.Entries)
        {
            List<YamlText> values = [];
            foreach (YamlNode item in value is YamlList list ? list.Items : [value])
            {
                if (item is YamlText { Value.Length: > 0 } text && !(text.Plain && text.Value.StartsWith('$')))
                {
                    values.Add(text);
                }
                else
                {
                    _faults.Add(new(item.Place, $"the list {Schema.Quote(name.Value)} must hold values, none of them empty or the name of a list"));
                }
            }

            if (!Name().IsMatch(name.Value))
            {
                _faults.Add(new(name.Place, "a list is named with small letters, digits and dashes"));
            }
            else if (values.Count == 0)
            {
                _faults.Add(new(name.Place, $"the list {name.Value} is empty"));
            }
            else if (!_lists.TryAdd(name.Value, values))
            {
                _faults.Add(new(name.Place, $"there is another list {name.Value} at {_places["$" + name.Value]}"));
            }

            _places.TryAdd("$" + name.Value, name.Place);
        }
    }

    private void ReadRules(Schema root)
    {
        foreach (YamlNode node in root.Items("rules", MaxRules))
        {
            if (Schema.Of(node, "a rule", RuleKeys, _faults) is { } schema && ReadRule(schema) is { } rule && _rules.Count < MaxRules)
            {
                _rules.Add(rule);
            }
        }
    }

    private RuleDefinition? ReadRule(Schema schema)
    {
        int before = _faults.Count;
        schema.Require("id", "a rule");
        schema.Require("version", "a rule");
        schema.Require("description", "a rule");
        string id = ReadId(schema);
        int version = schema.Integer("version", 1, 1_000_000) ?? 0;
        string description = schema.Text("description", MaxTextLength)?.Trim() ?? "";
        List<string> references = ReadReferences(schema);
        Condition? when = schema.Require("when", "a rule") is { } node ? _conditions.Read(node) : null;
        int? weight = schema.Integer("weight", -MaxWeight, MaxWeight);
        DecisionAction? action = Actions.Read(schema.Find("action"), _faults);
        bool simulate = schema.Flag("simulate") ?? false;
        List<RuleTest> tests = [.. schema.Items("tests", MaxTests).Select(ReadTest).OfType<RuleTest>()];
        if (schema.Find("weight") is null && schema.Find("action") is null)
        {
            _faults.Add(new(schema.Place, "a rule needs a weight, an action, or both"));
        }
        else if (weight == 0)
        {
            _faults.Add(new(schema.Find("weight")!.Place, "a weight of 0 does nothing", "use simulate: true to watch a rule without effect"));
        }

        return _faults.Count > before ? null : new(new RuleInfo(id, version, description, weight ?? 0, action, simulate), references, when!, tests, schema.Place);
    }

    private string ReadId(Schema schema)
    {
        if (schema.Find("id") is not { } node)
        {
            return "";
        }

        if (node is not YamlText text || !Name().IsMatch(text.Value))
        {
            _faults.Add(new(node.Place, "an id is made of small letters, digits and dashes, 64 at most"));
            return "";
        }

        if (_places.TryGetValue(text.Value, out ContentPlace first))
        {
            _faults.Add(new(node.Place, $"there is another rule {text.Value} at {first}"));
        }

        _places.TryAdd(text.Value, node.Place);
        return text.Value;
    }

    private List<string> ReadReferences(Schema schema)
    {
        List<string> references = [];
        foreach (YamlNode node in schema.Items("references", 100))
        {
            if (node is YamlText text && Uri.TryCreate(text.Value, UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "http")
            {
                references.Add(((YamlText)node).Value);
            }
            else
            {
                _faults.Add(new(node.Place, "a reference is a web address that begins with https:// or http://"));
            }
        }

        return references;
    }

    private RuleTest? ReadTest(YamlNode node)
    {
        if (Schema.Of(node, "a test", ["facts", "match"], _faults) is not { } schema)
        {
            return null;
        }

        schema.Require("match", "a test");
        bool match = schema.Flag("match") ?? false;
        FactBag facts = new();
        if (schema.Require("facts", "a test") is not { } given)
        {
            return null;
        }

        if (given is not YamlMap map)
        {
            _faults.Add(new(given.Place, "facts must be a map of fields to values"));
            return null;
        }

        foreach ((YamlText name, YamlNode value) in map.Entries)
        {
            if (_conditions.FindField(name) is { } field)
            {
                ReadFact(facts, field, value);
            }
        }

        return new(facts, match, node.Place);
    }

    private void ReadFact(FactBag facts, Field field, YamlNode node)
    {
        object? value = null;
        if (node is YamlText text)
        {
            value = field.Type switch
            {
                FieldType.Text => text.Value,
                FieldType.Number when double.TryParse(text.Value, CultureInfo.InvariantCulture, out double number) => number,
                FieldType.Flag when Schema.TryFlag(text, out bool flag) => flag,
                FieldType.Address when PeerAddress.TryParse(text.Value, out PeerAddress address) => address,
                _ => null,
            };
        }

        if (value is null)
        {
            _faults.Add(new(node.Place, $"{field.Name} is {(field.Type == FieldType.Text ? "text" : field.Type == FieldType.Number ? "a number" : field.Type == FieldType.Flag ? "true or false" : "an address")}"));
            return;
        }

        facts.With(field, value);
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,63}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
