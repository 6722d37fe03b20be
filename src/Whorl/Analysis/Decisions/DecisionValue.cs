using System.Text.RegularExpressions;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions;

/// <summary>Canonical values of each scope: two texts that mean the same peer become the same text, and what means nothing is refused.</summary>
internal static partial class DecisionValue
{
    /// <summary>Shorter IPv4 prefixes hold more than 16 million addresses: a slip of the pen far more often than a wish.</summary>
    public const int ShortestV4 = 8;

    /// <summary>Shorter IPv6 prefixes hold whole registries.</summary>
    public const int ShortestV6 = 16;

    /// <summary>Longer than any session that is handed out; keeps hostile texts out of the table.</summary>
    public const int MaxSessionLength = 128;

    /// <summary>Makes <paramref name="text"/> canonical; where that fails, <paramref name="fault"/> says why in a sentence without a full stop.</summary>
    /// <param name="force">Take prefixes that hold a large part of all addresses.</param>
    public static bool TryCanonicalise(DecisionScope scope, string text, bool force, out string value, out string fault)
    {
        value = "";
        fault = "";
        text = text.Trim();
        switch (scope)
        {
            case DecisionScope.Ip:
                if (PeerAddress.TryParse(text, out PeerAddress address))
                {
                    value = address.ToString();
                    return true;
                }

                fault = $"'{text}' is no IP address like 203.0.113.9 or 2001:db8::9";
                return false;
            case DecisionScope.Range:
                return TryPrefix(text, force, out value, out fault);
            case DecisionScope.Asn:
                ReadOnlySpan<char> digits = text.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
                if (uint.TryParse(digits, System.Globalization.NumberStyles.None, null, out uint number) && number > 0)
                {
                    value = number.ToString();
                    return true;
                }

                fault = $"'{text}' is no AS number from 1 to 4294967295";
                return false;
            case DecisionScope.Country:
                value = text.ToUpperInvariant();
                fault = $"'{text}' is no two-letter country code like NL";
                return CountryShape().IsMatch(value);
            case DecisionScope.Ja4:
                value = text.ToLowerInvariant();
                fault = $"'{text}' is no JA4 like t13d1516h2_8daaf6152771_b186095e22b6";
                return Ja4Shape().IsMatch(value);
            case DecisionScope.Session:
                value = text;
                fault = $"a session is 1 to {MaxSessionLength} letters, digits and signs of - _ . ~ + / = :";
                return text.Length <= MaxSessionLength && SessionShape().IsMatch(text);
            default:
                fault = "there is no such scope";
                return false;
        }
    }

    private static bool TryPrefix(string text, bool force, out string value, out string fault)
    {
        value = "";
        fault = "";
        if (!Network.TryParse(text, out Network network))
        {
            fault = $"'{text}' is no prefix like 203.0.113.0/24 or 2001:db8::/32";
            return false;
        }

        value = network.ToString();
        bool v4 = network.First.IsV4 && network.Length >= 96;
        int length = v4 ? network.Length - 96 : network.Length;
        int shortest = v4 ? ShortestV4 : ShortestV6;
        if (length < shortest && !force)
        {
            fault = $"{value} is shorter than /{shortest} and would hit a large part of the internet; force it if that is meant";
            return false;
        }

        return true;
    }

    [GeneratedRegex("^[A-Z]{2}$", RegexOptions.NonBacktracking)]
    private static partial Regex CountryShape();

    // JA4: protocol, TLS version, SNI, two counts, ALPN; then two truncated hashes.
    [GeneratedRegex("^[tqd][a-z0-9]{2}[di][0-9]{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}$", RegexOptions.NonBacktracking)]
    private static partial Regex Ja4Shape();

    [GeneratedRegex("^[A-Za-z0-9._~+/=:-]+$", RegexOptions.NonBacktracking)]
    private static partial Regex SessionShape();
}
