using System.Buffers;
using System.Text.RegularExpressions;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>What of a page belongs to somebody, and how it is found. Immutable; serves all threads.</summary>
internal sealed class IdentityCatalog
{
    // What stands behind an anchor is read so far; a service's snippet is shorter.
    private const int Window = 600;

    // Tries of forms on one page: a page that is made of anchors is read no longer than this.
    private const int MaxTries = 20_000;

    private readonly SearchValues<string>? _anchors;
    private readonly (string Anchor, IdentityPattern Pattern)[][] _byFirst = new (string, IdentityPattern)[128][];
    private readonly HashSet<(string, string)> _shared = [];
    private readonly List<SharedIdentity> _sharedPrefixes = [];

    public IdentityCatalog(IReadOnlyList<IdentityPattern> patterns, IReadOnlyList<SharedIdentity> shared)
    {
        Patterns = patterns;
        (string Anchor, IdentityPattern Pattern)[] anchors = [.. patterns.SelectMany(static pattern => pattern.Anchors.Select(anchor => (anchor, pattern)))];
        _anchors = anchors.Length == 0 ? null : SearchValues.Create([.. anchors.Select(static each => each.Anchor)], StringComparison.OrdinalIgnoreCase);
        for (int i = 0; i < _byFirst.Length; i++)
        {
            _byFirst[i] = [.. anchors.Where(each => char.ToLowerInvariant(each.Anchor[0]) == i)];
        }

        foreach (SharedIdentity each in shared)
        {
            if (each.Value.EndsWith('*'))
            {
                _sharedPrefixes.Add(each with { Value = each.Value[..^1] });
            }
            else
            {
                _shared.Add((each.Kind, each.Value));
            }
        }
    }

    /// <summary>Finds only what needs no patterns: mail addresses, phone numbers, wallets.</summary>
    public static IdentityCatalog Empty { get; } = new([], []);

    public IReadOnlyList<IdentityPattern> Patterns { get; }

    /// <summary>Each once, bounded; first what patterns find, in the order of the page.</summary>
    /// <param name="html">The page as text, as it was written.</param>
    /// <param name="text">Its normalised text; phone numbers are looked for there alone.</param>
    public IReadOnlyList<IdentityFact> Find(string html, string text)
    {
        IdentityList found = new(IsShared);
        html = Escapes.Undo(html);
        FindPatterns(html, found);
        MailAddresses.Find(html, found);
        PhoneNumbers.Find(text, found);
        WalletFinder.Find(html, found);
        return found.Facts;
    }

    private bool IsShared(IdentityFact fact) =>
        _shared.Contains((fact.Kind, fact.Value)) || _sharedPrefixes.Exists(shared => shared.Kind == fact.Kind && fact.Value.StartsWith(shared.Value, StringComparison.Ordinal));

    private void FindPatterns(string html, IdentityList found)
    {
        int tries = 0;
        for (int at = 0; _anchors is not null && at < html.Length; at++)
        {
            int next = html.AsSpan(at).IndexOfAny(_anchors);
            if (next < 0)
            {
                return;
            }

            at += next;
            char first = char.ToLowerInvariant(html[at]);
            foreach ((string anchor, IdentityPattern pattern) in first < _byFirst.Length ? _byFirst[first] : [])
            {
                if (!html.AsSpan(at).StartsWith(anchor, StringComparison.OrdinalIgnoreCase) || (pattern.Word && at > 0 && IsWord(html[at - 1])))
                {
                    continue;
                }

                if (++tries > MaxTries)
                {
                    return;
                }

                Try(html, at, pattern, found);
            }
        }
    }

    private static void Try(string html, int at, IdentityPattern pattern, IdentityList found)
    {
        int start = Math.Max(0, at - pattern.Before);
        Match match = pattern.Form.Match(html, start, Math.Min(html.Length, at + Window) - start);

        // What ends ahead of the anchor is another anchor's.
        while (match.Success && match.Index + match.Length <= at)
        {
            match = match.NextMatch();
        }

        if (!match.Success || match.Index > at)
        {
            return;
        }

        string id = match.Groups["id"].Value;
        string value = Canonical(match.Groups["host"] is { Success: true } host ? $"{host.Value.ToLowerInvariant()}#{id}" : id, pattern.Value);
        if (value.Length > 0 && !pattern.Except.Contains(value) && (!pattern.Digit || value.AsSpan().ContainsAnyInRange('0', '9')))
        {
            found.Add(pattern.Group, pattern.Kind, value);
        }
    }

    private static string Canonical(string value, IdentityForm form) => form switch
    {
        IdentityForm.Lower => value.ToLowerInvariant(),
        IdentityForm.Upper => value.ToUpperInvariant(),
        IdentityForm.Phone => PhoneNumbers.Canonical(value),
        _ => value,
    };

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
}

/// <summary>Identities while they are gathered: each once, so many of a kind and in all.</summary>
internal sealed class IdentityList(Func<IdentityFact, bool> isShared)
{
    // A site of one owner shows a few; a directory of contacts shows hundreds, and says nothing by them.
    private const int MaxOfOneKind = 20;
    private const int MaxAll = 200;
    private const int MaxValue = 200;

    private readonly List<IdentityFact> _facts = [];
    private readonly HashSet<IdentityFact> _seen = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public IReadOnlyList<IdentityFact> Facts => _facts;

    public void Add(string group, string kind, string value)
    {
        IdentityFact fact = new(group, kind, value);
        int count = _counts.GetValueOrDefault(kind);
        if (value.Length is > 0 and <= MaxValue && count < MaxOfOneKind && _facts.Count < MaxAll && !value.Any(static c => char.IsControl(c) || char.IsSurrogate(c)) && !isShared(fact) && _seen.Add(fact))
        {
            _facts.Add(fact);
            _counts[kind] = count + 1;
        }
    }
}
