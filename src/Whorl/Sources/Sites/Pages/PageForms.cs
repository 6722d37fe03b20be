using Whorl.Sources.Sites.Pages.Html;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Pages;

/// <summary>The forms of a page while it is read. Fields outside any form are gathered in one of their own: kits send by script.</summary>
internal sealed class PageForms(PageUrls urls)
{
    // A page of honest use has few; what lists more floods.
    private const int MaxForms = 20;
    private const int MaxFields = 50;
    private const int MaxFieldName = 100;

    private readonly List<OpenForm> _forms = [];
    private readonly OpenForm _loose = new(null, "script");
    private OpenForm? _current;

    public void Open(ref HtmlTokens tag)
    {
        // A form within a form is none (§13.2.6.4.7).
        if (_current is not null)
        {
            return;
        }

        string? action = tag.TryAttribute("action", out ReadOnlySpan<char> written) && written.Length <= PageUrls.MaxUrl ? HtmlEntities.Decode(written, inAttribute: true).Trim() : null;
        string method = tag.TryAttribute("method", out ReadOnlySpan<char> how) && how.Trim().Equals("post", StringComparison.OrdinalIgnoreCase) ? "post" : "get";
        _current = new(action ?? "", method);
        if (_forms.Count < MaxForms)
        {
            _forms.Add(_current);
        }
    }

    public void Close() => _current = null;

    public void Field(string element, ref HtmlTokens tag)
    {
        string type = element == "input" ? Attribute(ref tag, "type") ?? "text" : element;
        OpenForm form = _current ?? _loose;
        string? name = Attribute(ref tag, "name", lower: false) ?? Attribute(ref tag, "id", lower: false);
        if (type is "submit" or "button" or "reset" or "image" || form.Fields.Count >= MaxFields)
        {
            return;
        }

        string autocomplete = Attribute(ref tag, "autocomplete") is { } words ? words[(words.LastIndexOf(' ') + 1)..] : "";
        form.Password |= type != "hidden" && FieldWords.AsksPassword(type, autocomplete, name ?? "");
        form.Card |= type != "hidden" && FieldWords.AsksCard(autocomplete, name ?? "");
        form.Fields.Add(name ?? "");
    }

    public IReadOnlyList<FormFact> Facts()
    {
        List<FormFact> facts = [.. _forms.Select(Fact)];
        if (_loose.Password || _loose.Card)
        {
            facts.Add(Fact(_loose));
        }

        return facts;
    }

    private FormFact Fact(OpenForm form)
    {
        Uri? target = form.Action is { } action ? urls.Resolve(action) : null;
        return new()
        {
            Action = target is null ? Other(form.Action) : urls.ResolveText(form.Action!),
            Method = form.Method,
            Fields = form.Fields,
            Password = form.Password,
            Card = form.Card,
            Foreign = target is not null && !urls.IsSameSite(target),
        };
    }

    // javascript:, mailto: and what is no address say something too.
    private static string? Other(string? action) => action is null ? null : PageTexts.Line(action, 200);

    private static string? Attribute(ref HtmlTokens tag, string name, bool lower = true)
    {
        string? text = tag.TryAttribute(name, out ReadOnlySpan<char> value) ? PageTexts.Line(value, MaxFieldName, inAttribute: true) : null;
        return lower ? text?.ToLowerInvariant() : text;
    }

    private sealed class OpenForm(string? action, string method)
    {
        public string? Action => action;

        public string Method => method;

        public List<string> Fields { get; } = [];

        public bool Password { get; set; }

        public bool Card { get; set; }
    }
}
