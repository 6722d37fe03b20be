using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Jarm;

/// <summary>The JARM hash, 62 characters: three for each probe (cipher suite, version), then 32 of a SHA-256 over protocols and extensions.</summary>
public static class JarmHash
{
    /// <summary>Characters of the hash.</summary>
    public const int Length = 62;

    private const string Versions = "abcdef";
    private const int Unknown = 70;

    /// <summary>The hash of a host that answered no probe, or did not answer one in time.</summary>
    public static string None { get; } = new('0', Length);

    /// <summary>The hash of the ten answers.</summary>
    /// <param name="answers">The texts that <see cref="JarmAnswer.Text"/> gave, in the order of the probes.</param>
    public static string Compute(IEnumerable<string> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return FromRaw(string.Join(',', answers));
    }

    /// <summary>The hash of a raw string as lists publish it: ten answers joined by commas.</summary>
    /// <param name="raw">The raw string; an empty one (a probe timed out) gives <see cref="None"/>.</param>
    public static string FromRaw(ReadOnlySpan<char> raw)
    {
        StringBuilder hash = new(Length + 2);
        StringBuilder rest = new();
        int answers = 0;
        foreach (Range part in raw.Split(','))
        {
            ReadOnlySpan<char> answer = raw[part];
            ReadOnlySpan<char> cipher = Field(ref answer);
            ReadOnlySpan<char> version = Field(ref answer);
            rest.Append(Field(ref answer)).Append(Field(ref answer));
            if (answers++ < JarmProbes.Count)
            {
                hash.Append(CultureInfo.InvariantCulture, $"{Place(cipher):x2}{Letter(version)}");
            }
        }

        // Nothing but separators: the original has a special case for it, this spares it.
        if (raw.IndexOfAnyExcept(',', '|') < 0 || answers < JarmProbes.Count)
        {
            return None;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(rest.ToString()), digest);
        return hash.Append(Convert.ToHexStringLower(digest[..16])).ToString();
    }

    private static ReadOnlySpan<char> Field(ref ReadOnlySpan<char> answer)
    {
        int bar = answer.IndexOf('|');
        ReadOnlySpan<char> field = bar < 0 ? answer : answer[..bar];
        answer = bar < 0 ? default : answer[(bar + 1)..];
        return field;
    }

    private static int Place(ReadOnlySpan<char> cipher)
    {
        if (cipher.IsEmpty)
        {
            return 0;
        }

        int place = ushort.TryParse(cipher, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort number) && cipher.Length == 4
            ? JarmTables.Numbered.IndexOf(number)
            : -1;
        return place < 0 ? Unknown : place + 1;
    }

    // The original stops with an error at versions that no server of its time sent; here they count as none.
    private static char Letter(ReadOnlySpan<char> version)
    {
        int minor = version.Length == 4 ? version[3] - '0' : -1;
        return (uint)minor < (uint)Versions.Length ? Versions[minor] : '0';
    }
}
