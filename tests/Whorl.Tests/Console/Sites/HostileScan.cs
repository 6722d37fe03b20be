using System.Collections;
using System.Reflection;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>A scan whose every text, however deep, is what a stranger would wish for: found by reflection, so that a field of tomorrow is in it too.</summary>
internal static class HostileScan
{
    /// <summary>Breaks out of an attribute, a script, a terminal, the order of letters, and a page's length.</summary>
    public const string Value = "\"><script>alert(1)</script>'\u202e\u001b[31m\u200b\u0007javascript:alert(2)</textarea></pre><img src=https://evil.example/x onerror=alert(3)>";

    public const string Address = "javascript:alert(document.cookie)//\u202e<svg onload=alert(4)>";

    private const int Huge = 40_000;

    /// <param name="fill">What each text becomes.</param>
    public static ScanRecord Make(string id, string site, DateTimeOffset time, string fill) => ((ScanRecord)Fill(typeof(ScanRecord), fill, 0)!) with { Id = id, Site = site, Time = time };

    public static string Long => Value + new string('A', Huge);

    private static object? Fill(Type type, string fill, int depth)
    {
        depth.ShouldBeLessThan(12);
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        return inner switch
        {
            _ when inner == typeof(string) => fill,
            _ when inner == typeof(bool) => true,
            _ when inner == typeof(int) => 200,
            _ when inner == typeof(long) => 64500L,
            _ when inner == typeof(DateTimeOffset) => DateTimeOffset.UnixEpoch,
            _ when inner.IsEnum => Enum.GetValues(inner).GetValue(0),
            _ when inner.IsGenericType && typeof(IEnumerable).IsAssignableFrom(inner) => List(inner.GetGenericArguments()[0], fill, depth),
            _ => Record(inner, fill, depth),
        };
    }

    private static Array List(Type element, string fill, int depth)
    {
        Array list = Array.CreateInstance(element, 3);
        for (int i = 0; i < list.Length; i++)
        {
            list.SetValue(Fill(element, fill, depth + 1), i);
        }

        return list;
    }

    private static object Record(Type type, string fill, int depth)
    {
        ConstructorInfo made = type.GetConstructors().OrderByDescending(each => each.GetParameters().Length).First();
        object record = made.GetParameters() is { Length: > 0 } parameters && !(parameters.Length == 1 && parameters[0].ParameterType == type)
            ? made.Invoke([.. parameters.Select(parameter => Fill(parameter.ParameterType, fill, depth + 1))])
            : Activator.CreateInstance(type, nonPublic: true)!;
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            property.SetValue(record, Fill(property.PropertyType, fill, depth + 1));
        }

        return record;
    }
}
