using System.Buffers;
using System.Text;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>Where passwords stand in what peers send, by the names that such fields have. Only asked where the operator does not want them kept.</summary>
internal static class SecretWords
{
    private const string Mask = "***";

    // Calls of XML-RPC give no names to what they carry; AUTH is Redis's.
    private static readonly SearchValues<string> Words = SearchValues.Create(["pass", "pwd", "psw", "secret", "authorization", "auth\r", "auth ", "<methodCall"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> AfterName = SearchValues.Create("=?& \r\n");

    private static readonly SearchValues<char> AfterValue = SearchValues.Create("& \r\n");

    /// <summary>Whether the name of such a field stands anywhere in the bytes. Better a payload too few than a password too many.</summary>
    public static bool MayStandIn(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes).AsSpan().ContainsAny(Words);

    /// <summary>A request's head in which the values of such fields in queries are covered.</summary>
    public static string Covered(string head)
    {
        StringBuilder covered = new(head.Length);
        int at = 0;
        while (head.AsSpan(at).IndexOfAny('?', '&') is >= 0 and int found)
        {
            int name = at + found + 1;
            int length = head.AsSpan(name).IndexOfAny(AfterName);
            int value = name + length + 1;
            if (length < 0 || head[value - 1] != '=' || !head.AsSpan(name, length).ContainsAny(Words))
            {
                covered.Append(head, at, name - at);
                at = name;
                continue;
            }

            covered.Append(head, at, value - at).Append(Mask);
            at = head.AsSpan(value).IndexOfAny(AfterValue) is >= 0 and int end ? value + end : head.Length;
        }

        return covered.Append(head, at, head.Length - at).ToString();
    }
}
