using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Whorl.Kernel.Content;

/// <summary>A piece of YAML that remembers where it stood.</summary>
internal abstract record YamlNode(ContentPlace Place);

/// <param name="Plain">True where it was written without quotes; only then is <c>$name</c> a reference to a list.</param>
internal sealed record YamlText(ContentPlace Place, string Value, bool Plain) : YamlNode(Place);

internal sealed record YamlList(ContentPlace Place, IReadOnlyList<YamlNode> Items) : YamlNode(Place);

internal sealed record YamlMap(ContentPlace Place, IReadOnlyList<KeyValuePair<YamlText, YamlNode>> Entries) : YamlNode(Place);

/// <summary>What is written in YAML, as faults call it.</summary>
/// <param name="File">Such as <c>a rules file</c>.</param>
/// <param name="Name">Such as <c>rule language</c>.</param>
/// <param name="Instead">What to use where others would use an anchor.</param>
internal sealed record YamlLanguage(string File, string Name, string? Instead);

/// <summary>Reads one YAML document into nodes with places. Anchors, aliases, tags and several documents are faults: what is written for Whorl needs none of them.</summary>
internal sealed class YamlTree
{
    // The deepest condition allowed (ConditionReader.MaxDepth) takes two levels of YAML each, plus the file around it.
    private const int MaxDepth = 48;

    private readonly string _file;
    private readonly YamlLanguage _language;
    private readonly List<ContentFault> _faults;
    private readonly Parser _parser;

    private YamlTree(string file, string content, YamlLanguage language, List<ContentFault> faults)
    {
        _file = file;
        _language = language;
        _faults = faults;
        _parser = new Parser(new Scanner(new StringReader(content), skipComments: true));
    }

    /// <summary>The document; null where it is empty or could not be read, which is then among the faults.</summary>
    public static YamlNode? Read(string file, string content, YamlLanguage language, List<ContentFault> faults)
    {
        YamlTree tree = new(file, content, language, faults);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException exception)
        {
            faults.Add(new(PlaceOf(file, exception.Start), $"this is not YAML: {OneLine(exception.Message)}"));
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's scanner has such ends for some texts (a flow list left open before a simple key, found by fuzzing).
            faults.Add(new(tree.Here(), "this is not YAML: the text makes no sense from about here on"));
            return null;
        }
    }

    private YamlNode? ReadDocument()
    {
        YamlNode? root = null;
        int documents = 0;
        while (_parser.MoveNext())
        {
            if (_parser.Current is DocumentStart)
            {
                documents++;
                if (documents == 2)
                {
                    Fault($"{_language.File} holds one YAML document", "remove the line ---");
                    return root;
                }
            }
            else if (_parser.Current is NodeEvent or AnchorAlias)
            {
                root = ReadNode(0);
            }
        }

        return root is YamlText { Value: "", Plain: true } ? null : root;
    }

    private YamlNode? ReadNode(int depth)
    {
        if (_parser.Current is NodeEvent node && (!node.Anchor.IsEmpty || !node.Tag.IsEmpty))
        {
            Fault($"anchors and tags are not part of the {_language.Name}", _language.Instead);
        }

        ContentPlace place = Here();
        switch (_parser.Current)
        {
            case Scalar scalar:
                return new YamlText(place, scalar.Value, scalar.Style == ScalarStyle.Plain);
            case SequenceStart when depth < MaxDepth:
                return new YamlList(place, ReadItems(depth));
            case MappingStart when depth < MaxDepth:
                return new YamlMap(place, ReadEntries(depth));
            case SequenceStart or MappingStart:
                Fault($"nested more than {MaxDepth} deep", null);
                PassOver();
                return null;
            default:
                Fault($"aliases are not part of the {_language.Name}", _language.Instead);
                return null;
        }
    }

    private List<YamlNode> ReadItems(int depth)
    {
        List<YamlNode> items = [];
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            if (ReadNode(depth + 1) is { } item)
            {
                items.Add(item);
            }
        }

        return items;
    }

    private List<KeyValuePair<YamlText, YamlNode>> ReadEntries(int depth)
    {
        List<KeyValuePair<YamlText, YamlNode>> entries = [];
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            YamlNode? key = ReadNode(depth + 1);
            _parser.MoveNext();
            YamlNode? value = ReadNode(depth + 1);
            if (key is not YamlText text)
            {
                _faults.Add(new(key?.Place ?? Here(), "a key must be a word"));
            }
            else if (entries.Exists(entry => entry.Key.Value == text.Value))
            {
                _faults.Add(new(text.Place, $"the key {text.Value} stands here twice"));
            }
            else if (value is not null)
            {
                entries.Add(new(text, value));
            }
        }

        return entries;
    }

    // Leaves the parser at the end of the list or map it stands at the start of.
    private void PassOver()
    {
        int open = 0;
        do
        {
            open += _parser.Current!.NestingIncrease;
        }
        while (open > 0 && _parser.MoveNext());
    }

    private void Fault(string message, string? hint) => _faults.Add(new(Here(), message, hint));

    private ContentPlace Here() => PlaceOf(_file, _parser.Current?.Start ?? Mark.Empty);

    private static ContentPlace PlaceOf(string file, Mark mark) => new(file, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.');
}
