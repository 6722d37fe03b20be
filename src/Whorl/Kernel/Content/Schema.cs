using System.Globalization;

namespace Whorl.Kernel.Content;

/// <summary>One map of a file of content while it is read: gives its values by key and notes what does not fit.</summary>
internal sealed class Schema
{
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);
    private readonly List<ContentFault> _faults;

    private Schema(YamlMap map, List<ContentFault> faults)
    {
        Map = map;
        _faults = faults;
    }

    public YamlMap Map { get; }

    public ContentPlace Place => Map.Place;

    /// <summary>Takes a map that may hold <paramref name="known"/> keys; null, with a fault, where the node is no map.</summary>
    public static Schema? Of(YamlNode node, string what, ReadOnlySpan<string> known, List<ContentFault> faults)
    {
        if (node is not YamlMap map)
        {
            faults.Add(new(node.Place, $"{what} must be a map of {string.Join(", ", known.ToArray())}"));
            return null;
        }

        Schema schema = new(map, faults);
        foreach ((YamlText key, YamlNode value) in map.Entries)
        {
            if (known.Contains(key.Value))
            {
                schema._values[key.Value] = value;
            }
            else
            {
                faults.Add(new(key.Place, $"{what} has no key {Quote(key.Value)}", NearestName.Hint(key.Value, known.ToArray()) ?? $"known are {string.Join(", ", known.ToArray())}"));
            }
        }

        return schema;
    }

    public YamlNode? Find(string key) => _values.GetValueOrDefault(key);

    public YamlNode? Require(string key, string what)
    {
        YamlNode? value = Find(key);
        if (value is null)
        {
            _faults.Add(new(Place, $"{what} needs a {key}"));
        }

        return value;
    }

    /// <summary>Text that is not empty; null where absent or faulty.</summary>
    public string? Text(string key, int maxLength)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }

        if (node is not YamlText text || text.Value.Length == 0)
        {
            _faults.Add(new(node.Place, $"{key} must be text"));
            return null;
        }

        if (text.Value.Length > maxLength)
        {
            _faults.Add(new(node.Place, $"{key} is longer than {maxLength} characters"));
            return null;
        }

        return text.Value;
    }

    public int? Integer(string key, int least, int most)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }

        if (node is YamlText text && int.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most)
        {
            return value;
        }

        _faults.Add(new(node.Place, $"{key} must be a whole number from {least} to {most}"));
        return null;
    }

    public bool? Flag(string key)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }

        if (TryFlag(node, out bool value))
        {
            return value;
        }

        _faults.Add(new(node.Place, $"{key} must be true or false"));
        return null;
    }

    /// <summary>The items of a list that is not empty; none where absent or faulty.</summary>
    public IReadOnlyList<YamlNode> Items(string key, int most)
    {
        if (Find(key) is not { } node)
        {
            return [];
        }

        if (node is not YamlList { Items.Count: > 0 } list)
        {
            _faults.Add(new(node.Place, $"{key} must be a list with at least one item"));
            return [];
        }

        if (list.Items.Count > most)
        {
            _faults.Add(new(node.Place, $"{key} holds more than {most} items"));
            return [];
        }

        return list.Items;
    }

    public static bool TryFlag(YamlNode node, out bool value)
    {
        value = node is YamlText { Plain: true, Value: "true" };
        return value || node is YamlText { Plain: true, Value: "false" };
    }

    /// <summary>Text of a file as a fault shows it: bounded, one line.</summary>
    public static string Quote(string text)
    {
        string line = string.Concat(text.Take(40).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return line.Length < text.Length ? $"'{line}…'" : $"'{line}'";
    }
}
