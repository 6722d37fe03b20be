using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules.Language;

/// <summary>Reads the <c>when</c> of a rule.</summary>
internal sealed class ConditionReader(ValueReader values, List<ContentFault> faults)
{
    // People write three or four levels; this bounds the recursion of readers and compilers.
    public const int MaxDepth = 16;

    private static readonly string[] Groups = ["all", "any", "not"];

    private static readonly Dictionary<FieldType, string[]> Operators = new()
    {
        [FieldType.Text] = ["equals", "in", "contains", "token", "prefix", "suffix", "regex", "exists"],
        [FieldType.Number] = ["equals", "in", "greater", "less", "exists"],
        [FieldType.Flag] = ["equals", "exists"],
        [FieldType.Address] = ["equals", "in", "cidr", "exists"],
    };

    private static readonly string[] AllOperators = [.. Operators.Values.SelectMany(names => names).Distinct(StringComparer.Ordinal)];

    private static readonly string[] Keys = [.. Groups, "field", "case", .. AllOperators];

    /// <summary>The condition; null where it is faulty.</summary>
    public Condition? Read(YamlNode node, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            faults.Add(new(node.Place, $"conditions are nested more than {MaxDepth} deep"));
            return null;
        }

        if (node is not YamlMap map)
        {
            faults.Add(new(node.Place, "a condition is all:, any: or not: with conditions, or a field with an operator"));
            return null;
        }

        int before = faults.Count;
        if (Schema.Of(map, "a condition", Keys, faults) is not { } schema || faults.Count > before)
        {
            return null;
        }

        string[] groups = Array.FindAll(Groups, key => schema.Find(key) is not null);
        if (groups.Length == 0)
        {
            return ReadComparison(schema);
        }

        if (map.Entries.Count > 1)
        {
            YamlText second = map.Entries[1].Key;
            faults.Add(new(second.Place, $"{map.Entries[0].Key.Value} and {second.Value} stand side by side", "give each condition its own item under all: or any:"));
            return null;
        }

        YamlNode inner = schema.Find(groups[0])!;
        if (groups[0] == "not")
        {
            return Read(inner, depth + 1) is { } negated ? new NotOf(negated) : null;
        }

        return ReadGroup(groups[0], inner, depth);
    }

    private Condition? ReadGroup(string name, YamlNode node, int depth)
    {
        if (node is not YamlList { Items.Count: > 0 } list)
        {
            faults.Add(new(node.Place, $"{name} must be a list with at least one condition"));
            return null;
        }

        List<Condition> conditions = [];
        foreach (YamlNode item in list.Items)
        {
            if (Read(item, depth + 1) is { } condition)
            {
                conditions.Add(condition);
            }
        }

        if (conditions.Count < list.Items.Count)
        {
            return null;
        }

        return name == "all" ? new AllOf(conditions) : new AnyOf(conditions);
    }

    private Comparison? ReadComparison(Schema schema)
    {
        if (schema.Map.Entries.Count == 0)
        {
            faults.Add(new(schema.Place, "this condition is empty"));
            return null;
        }

        if (schema.Require("field", "a condition") is not { } named || FindField(named) is not { } field)
        {
            return null;
        }

        string[] operators = Array.FindAll(AllOperators, key => schema.Find(key) is not null);
        if (operators.Length != 1)
        {
            faults.Add(operators.Length == 0
                ? new(schema.Place, $"{field.Name} is not compared with anything", $"operators for it are {string.Join(", ", Operators[field.Type])}")
                : new(schema.Place, $"{operators[0]} and {operators[1]} stand in one condition", "write one condition for each under all:"));
            return null;
        }

        string name = operators[0];
        YamlNode value = schema.Find(name)!;
        if (!Operators[field.Type].Contains(name, StringComparer.Ordinal))
        {
            faults.Add(new(value.Place, $"{field.Name} is {Describe(field.Type)}, which has no {name}", $"operators for it are {string.Join(", ", Operators[field.Type])}"));
            return null;
        }

        bool? caseSensitive = ReadCase(schema, field, name);
        int before = faults.Count;
        Comparison? comparison = name == "exists" ? ReadPresence(field, value) : field.Type switch
        {
            FieldType.Text => ReadText(field, name, value, caseSensitive ?? false),
            FieldType.Number => ReadNumber(field, name, value),
            FieldType.Flag => ReadFlag(field, value),
            _ => new AddressComparison(field, values.Networks(RequireList(name, value), name)),
        };

        // Half a list would quietly match less than was written.
        return faults.Count > before ? null : comparison;
    }

    /// <summary>The field that a node names; null, with a fault, where there is none.</summary>
    public Field? FindField(YamlNode node)
    {
        if (node is not YamlText text)
        {
            faults.Add(new(node.Place, "a field is named by a word, such as http.path"));
            return null;
        }

        if (Fields.Find(text.Value) is { } field)
        {
            return field;
        }

        faults.Add(new(text.Place, $"there is no field {Schema.Quote(text.Value)}", NearestName.Hint(text.Value, Fields.All.Select(known => known.Name)) ?? "docs/reference/rules.md lists the fields"));
        return null;
    }

    private bool? ReadCase(Schema schema, Field field, string name)
    {
        if (schema.Find("case") is not { } node)
        {
            return null;
        }

        if (field.Type != FieldType.Text || name == "exists")
        {
            faults.Add(new(node.Place, "case belongs to comparisons of text"));
            return null;
        }

        if (node is YamlText { Value: "sensitive" or "ignore" } text)
        {
            return text.Value == "sensitive";
        }

        faults.Add(new(node.Place, "case must be sensitive or ignore (the default)"));
        return null;
    }

    private Presence? ReadPresence(Field field, YamlNode value)
    {
        if (Schema.TryFlag(value, out bool present))
        {
            return new Presence(field, present);
        }

        faults.Add(new(value.Place, "exists must be true or false"));
        return null;
    }

    private FlagComparison? ReadFlag(Field field, YamlNode value)
    {
        if (Schema.TryFlag(value, out bool wanted))
        {
            return new FlagComparison(field, wanted);
        }

        faults.Add(new(value.Place, $"{field.Name} is true or false"));
        return null;
    }

    private Comparison ReadText(Field field, string name, YamlNode value, bool caseSensitive)
    {
        if (name == "regex")
        {
            return new PatternComparison(field, values.Patterns(value, caseSensitive));
        }

        TextOperator kind = name switch
        {
            "contains" => TextOperator.Contains,
            "token" => TextOperator.Token,
            "prefix" => TextOperator.Prefix,
            "suffix" => TextOperator.Suffix,
            _ => TextOperator.Equals,
        };
        return new TextComparison(field, kind, [.. values.Scalars(RequireList(name, value), name).Select(text => text.Value)], caseSensitive);
    }

    private NumberComparison ReadNumber(Field field, string name, YamlNode value)
    {
        if (name is "greater" or "less" && value is not YamlText)
        {
            faults.Add(new(value.Place, $"{name} takes one number"));
        }

        NumberOperator kind = name switch
        {
            "greater" => NumberOperator.Greater,
            "less" => NumberOperator.Less,
            _ => NumberOperator.Equals,
        };
        return new NumberComparison(field, kind, values.Numbers(RequireList(name, value), name));
    }

    private YamlNode RequireList(string name, YamlNode value)
    {
        if (name == "in" && value is YamlText text && !(text.Plain && text.Value.StartsWith('$')))
        {
            faults.Add(new(value.Place, "in takes a list", "for one value write equals"));
        }

        return value;
    }

    private static string Describe(FieldType type) => type switch
    {
        FieldType.Text => "text",
        FieldType.Number => "a number",
        FieldType.Flag => "true or false",
        _ => "an address",
    };
}
