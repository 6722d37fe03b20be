using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Whorl.Hosting;

namespace Whorl.Tests.Reference;

/// <summary>The doc comments of the application, as the compiler wrote them beside it.</summary>
internal static partial class XmlSummaries
{
    private static readonly Dictionary<string, string> Texts = XDocument.Load(Path.ChangeExtension(typeof(WhorlHost).Assembly.Location, ".xml"))
        .Descendants("member")
        .Where(member => member.Element("summary") is not null)
        .ToDictionary(member => member.Attribute("name")!.Value, member => Plain(member.Element("summary")!), StringComparer.Ordinal);

    public static string Of(PropertyInfo property) => Texts.GetValueOrDefault($"P:{Name(property.DeclaringType!)}.{property.Name}", "");

    public static string Of(Type type) => Texts.GetValueOrDefault($"T:{Name(type)}", "");

    private static string Name(Type type) => type.FullName!.Replace('+', '.');

    private static string Plain(XElement summary)
    {
        foreach (XElement reference in summary.Descendants().Where(e => e.Name == "see" || e.Name == "paramref").ToList())
        {
            string target = reference.Attribute("cref")?.Value ?? reference.Attribute("name")?.Value ?? reference.Attribute("langword")?.Value ?? "";
            reference.ReplaceWith(target[(target.LastIndexOf('.') + 1)..]);
        }

        foreach (XElement code in summary.Descendants("c").ToList())
        {
            code.ReplaceWith($"`{code.Value}`");
        }

        return White().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex White();
}
