using System.Text.RegularExpressions;
using Whorl.Kernel.Content;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>Reads files of identity patterns. Never throws; every fault is found in one pass and named by line.</summary>
internal sealed class IdentityReader
{
    // All patterns that are shipped take some twenty kilobytes.
    public const int MaxFileLength = 1024 * 1024;

    // All of them are looked for in every page.
    private const int MaxPatterns = 300;
    private const int MaxShared = 5000;
    private const int MaxAnchors = 16;
    private const int MaxExamples = 20;
    private const int MaxText = 1000;

    // Of one form; the shipped ones have no more.
    private const int MaxCharacters = 48;

    // Anchors of one character would be found everywhere.
    private const int MinAnchor = 2;

    // Longer than the snippet of any service from its first line to the value.
    private const int MaxBefore = 500;

    private static readonly YamlLanguage Yaml = new("a file of identities", "language of identities", null);
    private static readonly string[] FileKeys = ["patterns", "shared"];
    private static readonly string[] PatternKeys = ["kind", "group", "anchors", "form", "before", "word", "digit", "value", "except", "finds", "not", "note"];
    private static readonly string[] SharedKeys = ["kind", "values", "note"];
    private static readonly string[] ExampleKeys = ["in", "as"];
    private static readonly string[] Groups = ["tracker", "payment_key", "site_key", "contact", "wallet"];
    private static readonly string[] Values = ["keep", "lower", "upper", "phone"];

    private readonly List<ContentFault> _faults;

    private IdentityReader(List<ContentFault> faults) => _faults = faults;

    /// <summary>Patterns and shared values of one file; what is faulty is left out and among the faults.</summary>
    public static (IReadOnlyList<IdentityPattern> Patterns, IReadOnlyList<SharedIdentity> Shared) Read(string file, string content, List<ContentFault> faults)
    {
        if (content.Length > MaxFileLength)
        {
            faults.Add(new(new(file, 1, 1), $"a file of identities may be {MaxFileLength / 1024} KiB long"));
            return ([], []);
        }

        int before = faults.Count;
        if (YamlTree.Read(file, content, Yaml, faults) is not { } root || Schema.Of(root, "a file of identities", FileKeys, faults) is not { } map)
        {
            if (faults.Count == before)
            {
                faults.Add(new(new(file, 1, 1), "this file is empty"));
            }

            return ([], []);
        }

        IdentityReader reader = new(faults);
        return ([.. map.Items("patterns", MaxPatterns).Select(reader.ReadPattern).OfType<IdentityPattern>()], [.. map.Items("shared", MaxShared).SelectMany(reader.ReadShared)]);
    }

    private IdentityPattern? ReadPattern(YamlNode node)
    {
        int before = _faults.Count;
        if (Schema.Of(node, "a pattern", PatternKeys, _faults) is not { } map)
        {
            return null;
        }

        map.Require("kind", "a pattern");
        map.Require("group", "a pattern");
        map.Require("anchors", "a pattern");
        map.Require("form", "a pattern");
        int ahead = map.Integer("before", 0, MaxBefore) ?? 0;
        Regex? form = ReadForm(map, ahead);
        IReadOnlyList<string> anchors = [.. map.Items("anchors", MaxAnchors).Select(item => Word(item, MinAnchor, "an anchor")).OfType<string>()];
        string? group = OneOf(map, "group", Groups);
        string? kind = map.Text("kind", 64);
        if (kind is not null && kind.Any(static c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
        {
            _faults.Add(new(map.Find("kind")!.Place, "kind must be of lower-case letters, digits and dashes"));
        }

        IdentityPattern? pattern = form is null || group is null || kind is null || anchors.Count == 0 ? null : new()
        {
            Group = group,
            Kind = kind,
            Anchors = anchors,
            Form = form,
            Before = ahead,
            Word = map.Flag("word") ?? false,
            Digit = map.Flag("digit") ?? false,
            Value = Enum.Parse<IdentityForm>(OneOf(map, "value", Values) ?? "keep", ignoreCase: true),
            Except = map.Items("except", MaxShared).Select(item => Word(item, 1, "a value")).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase),
            Finds = [.. map.Items("finds", MaxExamples).Select(ReadExample).OfType<IdentityExample>(), .. map.Items("not", MaxExamples).Select(item => Word(item, 1, "an example")).OfType<string>().Select(static text => new IdentityExample(text, null))],
            Place = map.Place,
        };
        return _faults.Count == before ? pattern : null;
    }

    private Regex? ReadForm(Schema map, int before)
    {
        if (map.Text("form", MaxText) is not { } form)
        {
            return null;
        }

        // Memory to compile a form grows with the square of the characters that its classes tell apart.
        if (form.Distinct().Count() > MaxCharacters)
        {
            _faults.Add(new(map.Find("form")!.Place, $"form has more than {MaxCharacters} different characters; name a range, such as a-z, instead"));
            return null;
        }

        try
        {
            Regex regex = new(before == 0 ? $@"\A(?:{form})" : form, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            if (regex.GetGroupNames().Contains("id"))
            {
                return regex;
            }

            _faults.Add(new(map.Find("form")!.Place, "form needs a group (?<id>…)"));
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            _faults.Add(new(map.Find("form")!.Place, $"form is no pattern that can be matched in linear time: {exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}"));
        }

        return null;
    }

    private IdentityExample? ReadExample(YamlNode node)
    {
        if (Schema.Of(node, "an example", ExampleKeys, _faults) is not { } map || map.Require("in", "an example") is null || map.Require("as", "an example") is null)
        {
            return null;
        }

        return new(map.Text("in", MaxText) ?? "", map.Text("as", MaxText) ?? "");
    }

    private IEnumerable<SharedIdentity> ReadShared(YamlNode node)
    {
        if (Schema.Of(node, "an entry of shared", SharedKeys, _faults) is not { } map || map.Require("kind", "an entry of shared") is null || map.Require("values", "an entry of shared") is null || map.Text("kind", 64) is not { } kind)
        {
            return [];
        }

        return [.. map.Items("values", MaxShared).Select(item => (Item: item, Text: Word(item, 1, "a value"))).Where(static each => each.Text is not null).Select(each => new SharedIdentity(kind, each.Text!, each.Item.Place))];
    }

    private string? OneOf(Schema map, string key, string[] known)
    {
        if (map.Text(key, 64) is not { } text)
        {
            return null;
        }

        if (known.Contains(text))
        {
            return text;
        }

        _faults.Add(new(map.Find(key)!.Place, $"{key} may be {string.Join(", ", known)}, not {Schema.Quote(text)}", NearestName.Hint(text, known)));
        return null;
    }

    private string? Word(YamlNode node, int least, string what)
    {
        if (node is YamlText text && text.Value.Length >= least && text.Value.Length <= MaxText)
        {
            return text.Value;
        }

        _faults.Add(new(node.Place, $"{what} must be text of {least} to {MaxText} characters"));
        return null;
    }
}
