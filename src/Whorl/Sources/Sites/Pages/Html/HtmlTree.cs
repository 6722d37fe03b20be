using System.Buffers;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Whorl.Sources.Sites.Pages.Html;

/// <summary>
/// The tree of tags while a page is read: which elements are open, how many there were, and the hash of their order.
/// The hash is SHA-256 of the tree as text: each element <c>(name</c> its children <c>)</c>, names in lower case.
/// An end tag closes the nearest open element of its name and all inside it; one without such is nothing.
/// </summary>
internal sealed class HtmlTree
{
    /// <summary>As deep as Chromium builds a tree; deeper elements count as standing there, side by side.</summary>
    public const int MaxDepth = 512;

    /// <summary>More than fit into the 512,000 bytes that are usually read of a page; only a page made to exhaust has so many.</summary>
    public const int MaxElements = 200_000;

    // Longer than any element's; custom elements may be named at will.
    public const int MaxName = 64;

    private readonly Element[] _open = new Element[MaxDepth];

    // Grows with what the page spells out, never by more.
    private readonly ArrayBufferWriter<byte> _text = new(4096);
    private readonly Dictionary<string, int> _openByName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _counts;
    private int _unseen;

    public HtmlTree() => _counts = _openByName.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Elements { get; private set; }

    public int Depth { get; private set; }

    public int Deepest { get; private set; }

    /// <summary>Whether elements stood deeper than <see cref="MaxDepth"/>, or there were more than <see cref="MaxElements"/>.</summary>
    public bool Cut { get; private set; }

    public bool IsFull => Elements >= MaxElements;

    public bool InForeign => Depth > 0 && _open[Depth - 1].Foreign;

    /// <summary>Whether the element that was entered last is HTML's own, not SVG's or MathML's.</summary>
    public bool LastIsHtml { get; private set; }

    /// <summary>Whether a visitor does not see the text that stands here.</summary>
    public bool IsUnseen => _unseen > 0;

    public bool IsOpen(string name) => _openByName.GetValueOrDefault(name) > 0;

    /// <summary>Enters an element. Returns its name in lower case.</summary>
    public string Open(ReadOnlySpan<char> written, bool selfClosing)
    {
        string name = NameOf(written);
        if (InForeign && HtmlNames.EndsForeign.Contains(name))
        {
            while (InForeign)
            {
                Pop();
            }
        }

        if (!InForeign && HtmlNames.Ends.TryGetValue(name, out FrozenSet<string>? ended))
        {
            while (Depth > 0 && ended.Contains(_open[Depth - 1].Name))
            {
                Pop();
            }
        }

        Elements++;
        Cut |= IsFull;
        Write('(', name);
        LastIsHtml = !InForeign && name is not ("svg" or "math");
        bool foreign = name is "svg" or "math" || (InForeign && !HtmlNames.HoldsHtml.Contains(name));
        bool staysOpen = foreign ? !selfClosing : !HtmlNames.Void.Contains(name);
        Deepest = Math.Max(Deepest, Math.Min(Depth + 1, MaxDepth));
        if (staysOpen && Depth == MaxDepth)
        {
            Cut = true;
            staysOpen = false;
        }

        if (staysOpen)
        {
            bool unseen = !foreign && HtmlNames.Unseen.Contains(name);
            _open[Depth++] = new(name, foreign, unseen);
            _unseen += unseen ? 1 : 0;
            _openByName[name] = _openByName.GetValueOrDefault(name) + 1;
        }
        else
        {
            Write(')', "");
        }

        return name;
    }

    /// <summary>Leaves the nearest open element of the name, and all inside it. False where none is open.</summary>
    public bool Close(ReadOnlySpan<char> written)
    {
        Span<char> lower = stackalloc char[MaxName];
        ReadOnlySpan<char> cut = written[..Math.Min(written.Length, MaxName)];
        ReadOnlySpan<char> name = lower[..Math.Max(0, cut.ToLowerInvariant(lower))];
        if (!_counts.TryGetValue(name, out int open) || open == 0)
        {
            return false;
        }

        while (!name.SequenceEqual(Pop()))
        {
        }

        return true;
    }

    /// <summary>Leaves everything. The hash in hex; null where there was no element.</summary>
    public string? Finish()
    {
        while (Depth > 0)
        {
            Pop();
        }

        return Elements == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(_text.WrittenSpan));
    }

    private string NameOf(ReadOnlySpan<char> written)
    {
        Span<char> lower = stackalloc char[MaxName];
        ReadOnlySpan<char> cut = written[..Math.Min(written.Length, MaxName)];
        ReadOnlySpan<char> name = lower[..Math.Max(0, cut.ToLowerInvariant(lower))];
        if (_counts.TryGetValue(name, out string? known, out _))
        {
            return known;
        }

        string made = name.ToString();
        _openByName[made] = 0;
        return made;
    }

    private string Pop()
    {
        Element last = _open[--Depth];
        _unseen -= last.Unseen ? 1 : 0;
        _openByName[last.Name]--;
        Write(')', "");
        return last.Name;
    }

    private void Write(char mark, string name)
    {
        Span<byte> to = _text.GetSpan(1 + (3 * name.Length));
        to[0] = (byte)mark;
        _text.Advance(1 + Encoding.UTF8.GetBytes(name, to[1..]));
    }

    private readonly record struct Element(string Name, bool Foreign, bool Unseen);
}
