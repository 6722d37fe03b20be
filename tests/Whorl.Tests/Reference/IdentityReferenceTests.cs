using System.Globalization;
using System.Text;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Tests.Support;

namespace Whorl.Tests.Reference;

public sealed class IdentityReferenceTests
{
    [Fact]
    public void The_reference_of_identities_is_current()
    {
        IdentityCatalog catalog = IdentityFiles.Read([Path.Combine(Repository.Root, "content", "identities")], []);
        StringBuilder text = new("""
            # Identities

            Written from `content/identities` by `./dev accept`. What in a page belongs to somebody; a value is in the one form that makes equal things equal.

            | group | kind | example of a value | is looked for at |
            |---|---|---|---|

            """);
        foreach (IGrouping<(string Group, string Kind), IdentityPattern> kind in catalog.Patterns.GroupBy(static pattern => (pattern.Group, pattern.Kind)).OrderBy(static kind => kind.Key))
        {
            string anchors = string.Join(", ", kind.SelectMany(static pattern => pattern.Anchors).Select(static anchor => $"`{anchor}`"));
            text.Append(CultureInfo.InvariantCulture, $"| `{kind.Key.Group}` | `{kind.Key.Kind}` | `{kind.First().Finds[0].Value}` | {anchors} |\n");
        }

        text.Append("""
            | `contact` | `email` | `name@shop.example` | `@`, `data-cfemail` |
            | `contact` | `phone` | `+442079460812` | `+` in the visible text: 8 to 15 digits |
            | `wallet` | `btc` | `1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2` | any word; base 58 with checksum, bech32, bech32m |
            | `wallet` | `eth` | `0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed` | any word; in lower case, EIP-55 where cases are mixed |
            | `wallet` | `trx`, `ltc`, `doge`, `xmr` | | any word with the right checksum |
            | `wallet` | `sol` | | a point of the curve, near a word that speaks of Solana |

            """);
        Accepted.ShouldBe("docs/reference/identities.md", text.ToString());
    }
}
