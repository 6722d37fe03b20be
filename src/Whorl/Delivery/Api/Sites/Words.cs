using System.Text.Json;

namespace Whorl.Delivery.Api.Sites;

/// <summary>Values of enumerations as JSON, query strings and pages write them.</summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static bool TryRead<T>(string word, out T value)
        where T : struct, Enum
    {
        foreach (T each in Enum.GetValues<T>())
        {
            if (Of(each) == word)
            {
                value = each;
                return true;
            }
        }

        value = default;
        return false;
    }
}
