using System.Text;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Which words of a command of Redis are passwords.</summary>
internal static class RedisSecrets
{
    private const string Cover = "(secret)";

    /// <summary>The words as they are told; those that are passwords covered.</summary>
    public static IReadOnlyList<string> Covered(string verb, IReadOnlyList<byte[]> arguments)
    {
        string[] shown = [.. arguments.Select(Encoding.Latin1.GetString)];
        int left = verb == "AUTH" ? shown.Length : 0;
        for (int i = 1; i < shown.Length; i++)
        {
            string before = shown[i];
            shown[i] = left-- > 0 ? Cover : before;
            left = before.ToUpperInvariant() switch
            {
                "REQUIREPASS" or "MASTERAUTH" => 1, // CONFIG SET
                "AUTH" or "AUTH2" when verb is "HELLO" or "MIGRATE" => 2,
                "SETUSER" when verb == "ACL" => shown.Length,
                _ => left,
            };
        }

        return shown;
    }
}
