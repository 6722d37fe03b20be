using System.Buffers;
using Whorl.Sources.Sites.Pages.Wallets;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>Addresses of currencies: every word of letters and digits in a page that passes its currency's check.</summary>
internal static class WalletFinder
{
    // Words of fitting length that are checked on one page; an address takes some microseconds.
    private const int MaxTries = 20_000;

    // Solana's check takes a tenth of a millisecond.
    private const int MaxSolanaTries = 100;

    // How near a word must stand that speaks of Solana.
    private const int Near = 150;

    private static readonly SearchValues<char> WordChars = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    private static readonly SearchValues<string> SolanaWords = SearchValues.Create(["solana", "phantom", "solflare", "raydium"], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> html, IdentityList found)
    {
        int solanaTries = 0;
        int tries = 0;
        int at = 0;
        while (at < html.Length && tries < MaxTries)
        {
            int start = html[at..].IndexOfAny(WordChars);
            if (start < 0)
            {
                return;
            }

            start += at;

            // "%3A1Bv…": a sign as a URL writes it, and then a word.
            start += start > 0 && html[start - 1] == '%' && html.Length - start > 2 && char.IsAsciiHexDigit(html[start]) && char.IsAsciiHexDigit(html[start + 1]) ? 2 : 0;
            int length = html[start..].IndexOfAnyExcept(WordChars);
            length = length < 0 ? html.Length - start : length;
            at = start + length;
            if (length is < WalletAddress.MinLength or > WalletAddress.MaxLength || (start > 0 && html[start - 1] == '_') || (at < html.Length && html[at] == '_'))
            {
                continue;
            }

            tries++;
            ReadOnlySpan<char> word = html.Slice(start, length);
            if (WalletAddress.Read(word) is { } wallet)
            {
                found.Add("wallet", wallet.Kind, wallet.Value);
            }
            else if (word.Length <= 44 && solanaTries < MaxSolanaTries && SpeaksOfSolana(html, start, at))
            {
                solanaTries++;
                if (WalletAddress.IsSolana(word))
                {
                    found.Add("wallet", "sol", word.ToString());
                }
            }
        }
    }

    private static bool SpeaksOfSolana(ReadOnlySpan<char> html, int start, int end)
    {
        ReadOnlySpan<char> around = html[Math.Max(0, start - Near)..Math.Min(html.Length, end + Near)];
        if (around.ContainsAny(SolanaWords))
        {
            return true;
        }

        // The sign SOL as a word of its own.
        for (int at = around.IndexOf("SOL", StringComparison.Ordinal); at >= 0;)
        {
            bool alone = (at == 0 || !char.IsAsciiLetterOrDigit(around[at - 1])) && (at + 3 >= around.Length || !char.IsAsciiLetterOrDigit(around[at + 3]));
            if (alone)
            {
                return true;
            }

            int next = around[(at + 3)..].IndexOf("SOL", StringComparison.Ordinal);
            at = next < 0 ? -1 : at + 3 + next;
        }

        return false;
    }
}
