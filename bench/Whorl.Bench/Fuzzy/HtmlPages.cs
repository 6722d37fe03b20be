using System.Text;

namespace Whorl.Bench.Fuzzy;

/// <summary>Pages that look like HTML to a fuzzy hash: tags, attributes, words that repeat.</summary>
internal static class HtmlPages
{
    private static readonly string[] Tags = ["div", "p", "span", "a", "li", "ul", "h2", "td", "tr", "section"];

    public static byte[] Make(int seed, int length)
    {
        Random random = new(seed);
        string[] words = [.. Enumerable.Range(0, 3000).Select(_ => Word(random))];
        StringBuilder page = new("<!doctype html><html><body>");
        while (page.Length < length)
        {
            string tag = Tags[random.Next(Tags.Length)];
            page.Append('<').Append(tag).Append(" class=\"").Append(words[random.Next(words.Length)]).Append("\" id=\"x").Append(random.Next(10_000)).Append("\">");
            page.AppendJoin(' ', Enumerable.Range(0, random.Next(1, 20)).Select(_ => words[random.Next(words.Length)]));
            page.Append("</").Append(tag).Append(">\n");
        }

        return Encoding.ASCII.GetBytes(page.ToString(0, length));
    }

    private static string Word(Random random) =>
        new([.. Enumerable.Range(0, random.Next(2, 10)).Select(_ => "etaoinshrdlu"[random.Next(12)])]);
}
