using System.Buffers;
using System.Globalization;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Fingerprints.Jarm;

namespace Whorl.Fingerprints.Matching;

/// <summary>The one spelling of each fingerprint, so that lists and observations meet whatever way they were written.</summary>
public static class FingerprintValue
{
    /// <summary>Characters of a fingerprint at most; the longest in use (HTTP/1 header orders) stay far below.</summary>
    public const int MaxLength = 1024;

    private const int Md5Digits = 32;
    private const int Sha256Digits = 64;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// Writes a fingerprint in its one spelling: hex in lower case, TLSH in upper case with <c>T1</c>,
    /// a favicon hash signed even where it was written unsigned. False where the text is no fingerprint of the kind.
    /// </summary>
    /// <param name="kind">The method.</param>
    /// <param name="text">The fingerprint as found; blanks around it do not count.</param>
    /// <param name="value">The one spelling, or empty text.</param>
    public static bool TryNormalize(FingerprintKind kind, ReadOnlySpan<char> text, out string value)
    {
        text = text.Trim();
        value = string.Empty;
        if (text.IsEmpty || text.Length > MaxLength)
        {
            return false;
        }

        switch (kind)
        {
            case FingerprintKind.Ja3 or FingerprintKind.Ja3S or FingerprintKind.Hassh or FingerprintKind.HasshServer:
                return TryHex(text, Md5Digits, out value);
            case FingerprintKind.Jarm:
                return TryHex(text, JarmHash.Length, out value);
            case FingerprintKind.Sha256:
                return TryHex(text, Sha256Digits, out value);
            case FingerprintKind.Favicon:
                return TryFavicon(text, out value);
            case FingerprintKind.Tlsh:
                bool digest = TlshDigest.TryParse(text, out TlshDigest parsed);
                value = digest ? parsed.ToString() : string.Empty;
                return digest;
            case FingerprintKind.Ja4:
                value = text.ToString().ToLowerInvariant();
                return IsJa4(value);
            case FingerprintKind.Ssdeep:
                value = text.ToString();
                return Ssdeep.Compare(text, text) >= 0;
            default:
                value = text.ToString();
                return true;
        }
    }

    /// <summary>As <see cref="TryNormalize"/> for the beginning of a fingerprint, of which only the spelling is unified.</summary>
    internal static string NormalizePrefix(FingerprintKind kind, ReadOnlySpan<char> text)
    {
        string value = text.Trim().ToString();
        return kind switch
        {
            FingerprintKind.Ssdeep or FingerprintKind.TcpStack or FingerprintKind.Http1 or FingerprintKind.Http2 => value,
            FingerprintKind.Tlsh => value.ToUpperInvariant(),
            _ => value.ToLowerInvariant(),
        };
    }

    private static bool TryHex(ReadOnlySpan<char> text, int digits, out string value)
    {
        value = text.Length == digits ? text.ToString().ToLowerInvariant() : string.Empty;
        return value.Length == digits && !value.AsSpan().ContainsAnyExcept(Hex);
    }

    private static bool TryFavicon(ReadOnlySpan<char> text, out string value)
    {
        bool number = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long hash)
            && hash is >= int.MinValue and <= uint.MaxValue;
        value = number ? unchecked((int)hash).ToString(CultureInfo.InvariantCulture) : string.Empty;
        return number;
    }

    // a_b_c: ten characters, then two parts of twelve hex digits.
    private static bool IsJa4(string value) =>
        value is ['t' or 'q' or 'd', ..] && value.Length == 36 && value[10] == '_' && value[23] == '_'
            && !value.AsSpan(11, 12).ContainsAnyExcept(Hex) && !value.AsSpan(24).ContainsAnyExcept(Hex);
}
