using System.Collections.Frozen;
using Whorl.Sources.Sites.Pages.Html;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages;

/// <summary>One pass over a page's text: the tree of tags, and what they say. Every list is bounded; what comes after its bound is not kept.</summary>
internal sealed class PageWalk(Uri page)
{
    // Bounds of what is kept of one page; honest pages stay far under them.
    private const int MaxComments = 50;
    private const int MaxComment = 200;
    private const int MaxScripts = 100;
    private const int MaxIframes = 20;
    private const int MaxIcons = 10;
    private const int MaxAssets = 200;
    private const int MaxTitle = 300;
    private const int MaxMeta = 300;
    private const int MaxLanguage = 35;
    private const int MaxDomains = 500;

    // A data: URL of an icon: 100,000 bytes in base64.
    private const int MaxIconUrl = 140_000;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Inline = HtmlNames.Inline.GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly List<DeclaredAsset> _assets = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly List<string> _domains = [];
    private readonly List<string> _linked = [];

    public HtmlTree Tree { get; } = new();

    public VisibleText Text { get; } = new();

    public PageUrls Urls { get; } = new(page);

    public List<TextFact> Comments { get; } = [];

    public List<ScriptFact> Scripts { get; } = [];

    public List<string> Iframes { get; } = [];

    public List<DeclaredIcon> Icons { get; } = [];

    public IReadOnlyList<FormFact> Forms { get; private set; } = [];

    public IReadOnlyList<DeclaredAsset> Assets => [.. _assets.Where(static asset => !asset.Foreign), .. _assets.Where(static asset => asset.Foreign)];

    /// <summary>Those the page takes something from or sends to, then those it leads to.</summary>
    public IEnumerable<string> Domains => _domains.Concat(_linked.Where(host => !_taken.Contains(host))).Distinct(StringComparer.Ordinal);

    public MetaRefresh? Refresh { get; private set; }

    public string? Title { get; private set; }

    public string? Language { get; private set; }

    public string? Generator { get; private set; }

    public string? Description { get; private set; }

    public void Walk(ReadOnlySpan<char> html)
    {
        PageForms forms = new(Urls);
        HtmlTokens tokens = new(html);
        string raw = "";
        bool external = false;
        while (!Tree.IsFull && tokens.Next())
        {
            switch (tokens.Kind)
            {
                case HtmlTokenKind.StartTag:
                    string name = Tree.Open(tokens.Name, tokens.SelfClosing);
                    Break(name);
                    raw = "";
                    if (Tree.LastIsHtml && HtmlNames.Raw.Contains(name))
                    {
                        raw = name;
                        tokens.ReadRaw();
                    }

                    external = name == "script" && tokens.TryAttribute("src", out _);
                    Start(name, ref tokens, forms);
                    break;
                case HtmlTokenKind.EndTag:
                    raw = "";
                    if (Tree.Close(tokens.Name))
                    {
                        Break(tokens.Name);
                        if (tokens.Name.Equals("form", StringComparison.OrdinalIgnoreCase))
                        {
                            forms.Close();
                        }
                    }

                    break;
                case HtmlTokenKind.Text:
                    Characters(raw, external, tokens.Content, tokens.IsRaw);
                    break;
                case HtmlTokenKind.Comment:
                    Comment(tokens.Content);
                    break;
                default:
                    break;
            }

            tokens.InForeign = Tree.InForeign;
        }

        Forms = forms.Facts();
    }

    private void Break(ReadOnlySpan<char> name)
    {
        Span<char> lower = stackalloc char[HtmlTree.MaxName];
        int length = name.Length <= lower.Length ? name.ToLowerInvariant(lower) : 0;
        if (!Inline.Contains(lower[..length]))
        {
            Text.Break();
        }
    }

    private void Characters(string raw, bool external, ReadOnlySpan<char> text, bool isRaw)
    {
        switch (raw)
        {
            case "title":
                Title ??= PageTexts.Line(text, MaxTitle);
                break;
            case "script" when !external && Scripts.Count < MaxScripts && !text.IsWhiteSpace():
                (string hash, int bytes) = PageTexts.Hash(text);
                Scripts.Add(new() { Sha256 = hash, Bytes = bytes });
                break;
            default:
                // Beyond the tree's depth a script is not open, and no text all the same.
                if (!Tree.IsUnseen && !HtmlNames.Unseen.Contains(raw))
                {
                    Text.Append(text, isRaw && !HtmlNames.RawWithReferences.Contains(raw));
                }

                break;
        }
    }

    private void Comment(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> trimmed = text.Trim();
        if (!trimmed.IsEmpty && Comments.Count < MaxComments && PageTexts.Line(trimmed.IndexOf('&') < 0 ? trimmed : trimmed[..Math.Min(trimmed.Length, MaxComment * 3)].ToString().Replace("&", "&amp;", StringComparison.Ordinal), MaxComment) is { } line)
        {
            TextFact fact = new(PageTexts.Hash(trimmed).Sha256, line);
            if (!Comments.Contains(fact))
            {
                Comments.Add(fact);
            }
        }
    }

    private void Start(string name, ref HtmlTokens tag, PageForms forms)
    {
        switch (name)
        {
            case "html":
                Language ??= Line(ref tag, "lang", MaxLanguage);
                break;
            case "base" when tag.TryAttribute("href", out ReadOnlySpan<char> href):
                Urls.Base(HtmlEntities.Decode(href, inAttribute: true));
                break;
            case "meta":
                Meta(ref tag);
                break;
            case "link":
                Link(ref tag);
                break;
            case "script" when tag.TryAttribute("src", out ReadOnlySpan<char> src):
                if (Asset(src, "script") is { } url && Scripts.Count < MaxScripts)
                {
                    Scripts.Add(new() { Url = url });
                }

                break;
            case "img" or "image":
                Asset(Value(ref tag, "src"), "image");
                break;
            case "iframe" or "frame":
                Frame(Value(ref tag, "src"));
                break;
            case "form":
                forms.Open(ref tag);
                Domain(Value(ref tag, "action"), _domains);
                break;
            case "input" or "select" or "textarea":
                forms.Field(name, ref tag);
                break;
            case "a" or "area":
                Domain(Value(ref tag, "href"), _linked);
                break;
            case "source" or "video" or "audio" or "embed" or "track":
                Domain(Value(ref tag, "src"), _domains);
                break;
            case "object":
                Domain(Value(ref tag, "data"), _domains);
                break;
            default:
                break;
        }
    }

    private void Meta(ref HtmlTokens tag)
    {
        ReadOnlySpan<char> what = tag.TryAttribute("name", out ReadOnlySpan<char> named) || tag.TryAttribute("property", out named) || tag.TryAttribute("http-equiv", out named) ? named.Trim() : default;
        if (what.Equals("generator", StringComparison.OrdinalIgnoreCase))
        {
            Generator ??= Line(ref tag, "content", MaxMeta);
        }
        else if (what.Equals("description", StringComparison.OrdinalIgnoreCase) || what.Equals("og:description", StringComparison.OrdinalIgnoreCase))
        {
            Description ??= Line(ref tag, "content", MaxMeta);
        }
        else if (what.Equals("content-language", StringComparison.OrdinalIgnoreCase))
        {
            Language ??= Line(ref tag, "content", MaxLanguage);
        }

        // A browser that runs scripts does not follow what is written for those that do not, nor what waits in a template.
        if (Refresh is null && !Tree.IsOpen("noscript") && !Tree.IsOpen("template")
            && tag.TryAttribute("http-equiv", out ReadOnlySpan<char> equivalent) && equivalent.Trim().Equals("refresh", StringComparison.OrdinalIgnoreCase))
        {
            Refresh = ReadRefresh(Value(ref tag, "content"));
        }
    }

    private MetaRefresh? ReadRefresh(ReadOnlySpan<char> content)
    {
        string value = HtmlEntities.Decode(content[..Math.Min(content.Length, PageUrls.MaxUrl + 64)], inAttribute: true);
        if (!RefreshValue.TryParse(value, out int seconds, out ReadOnlySpan<char> target))
        {
            return null;
        }

        Domain(target, _domains);
        return Urls.ResolveText(target.ToString()) is { } url ? new(url, seconds) : null;
    }

    private void Link(ref HtmlTokens tag)
    {
        string rel = (Line(ref tag, "rel", 100) ?? "").ToLowerInvariant();
        ReadOnlySpan<char> href = Value(ref tag, "href");
        string[] words = rel.Split(' ');
        if (words.Contains("stylesheet"))
        {
            Asset(href, "style");
        }
        else if (words.FirstOrDefault(static word => word is "icon" or "apple-touch-icon" or "apple-touch-icon-precomposed" or "mask-icon") is { } icon)
        {
            Domain(href, _domains);
            Icon(href, icon, Line(ref tag, "sizes", 50));
        }
        else if (words.Any(static word => word is "preconnect" or "dns-prefetch" or "preload" or "modulepreload" or "prefetch"))
        {
            Domain(href, _domains);
        }
        else
        {
            Domain(href, _linked);
        }
    }

    private void Icon(ReadOnlySpan<char> href, string rel, string? sizes)
    {
        if (Icons.Count >= MaxIcons || href.Length > MaxIconUrl)
        {
            return;
        }

        string written = HtmlEntities.Decode(href, inAttribute: true).Trim();
        string? url = written.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? written : Urls.ResolveText(written);
        if (url is not null && Icons.TrueForAll(known => known.Url != url))
        {
            Icons.Add(new(url, rel, sizes));
        }
    }

    private void Frame(ReadOnlySpan<char> src)
    {
        Domain(src, _domains);
        if (Iframes.Count < MaxIframes && Absolute(src) is { } url && !Iframes.Contains(url))
        {
            Iframes.Add(url);
        }
    }

    // The address where it is one, whether or not it was kept before.
    private string? Asset(ReadOnlySpan<char> src, string kind)
    {
        Domain(src, _domains);
        if (Absolute(src) is not { } url)
        {
            return null;
        }

        if (_assets.Count < MaxAssets && _seen.Add(url))
        {
            _assets.Add(new(url, kind, !Urls.IsSameSite(new Uri(url))));
        }

        return url;
    }

    private string? Absolute(ReadOnlySpan<char> written) =>
        written.Length <= PageUrls.MaxUrl && !written.IsWhiteSpace() ? Urls.ResolveText(HtmlEntities.Decode(written, inAttribute: true)) : null;

    private void Domain(ReadOnlySpan<char> written, List<string> to)
    {
        if (to.Count < MaxDomains && written.Length <= PageUrls.MaxUrl && Urls.ForeignHost(written.Contains('&') ? HtmlEntities.Decode(written, inAttribute: true) : written) is { } host && (to == _linked || _taken.Add(host)))
        {
            to.Add(host);
        }
    }

    private static ReadOnlySpan<char> Value(ref HtmlTokens tag, string name) => tag.TryAttribute(name, out ReadOnlySpan<char> value) ? value : default;

    private static string? Line(ref HtmlTokens tag, string name, int max) => tag.TryAttribute(name, out ReadOnlySpan<char> value) ? PageTexts.Line(value, max, inAttribute: true) : null;
}
