using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Whorl.Sources.Sites.Pages.Wallets;

namespace Whorl.Tests.Sites.Pages.Wallets;

public sealed class WalletAddressTests
{
    // The first block's, examples of BIP-13/16, BIP-173, BIP-350, EIP-55, and well-known published ones of the other currencies.
    public static TheoryData<string, string> Published => new()
    {
        { "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "btc" },
        { "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "btc" },
        { "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "btc" },
        { "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "btc" },
        { "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "btc" },
        { "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "btc" },
        { "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "btc" },
        { "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "btc" },
        { "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "eth" },
        { "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "eth" },
        { "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "eth" },
        { "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", "eth" },
        { "0x52908400098527886E0F7030069857D2E4169EE7", "eth" },
        { "0xde709f2102306220921060314715629080e2fb77", "eth" },
        { "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "trx" },
        { "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A", "xmr" },
        { "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H", "xmr" },
        { "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "ltc" },
        { "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L", "doge" },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void A_published_address_is_of_its_currency(string address, string kind) => WalletAddress.Read(address).ShouldNotBeNull().Kind.ShouldBe(kind);

    // BIP-173, BIP-350 and EIP-55 on what is wrong: checksum of the other kind, length, padding, version, case.
    [Theory]
    [InlineData("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5")]
    [InlineData("BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2")]
    [InlineData("bc1rw5uspcuh")]
    [InlineData("bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90")]
    [InlineData("BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P")]
    [InlineData("bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du")]
    [InlineData("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd")]
    [InlineData("BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL")]
    [InlineData("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh")]
    [InlineData("bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4")]
    [InlineData("BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R")]
    [InlineData("bc1pw5dgrnzv")]
    [InlineData("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav")]
    [InlineData("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf")]
    [InlineData("bc1gmk9yu")]
    [InlineData("Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")]
    [InlineData("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7")]
    [InlineData("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb")]
    [InlineData("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn")]
    [InlineData("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u")]
    [InlineData("44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3B")]
    public void What_is_wrong_by_the_published_rules_is_none(string address) => WalletAddress.Read(address).ShouldBeNull();

    [Fact]
    public void One_changed_character_is_found_out()
    {
        foreach (string address in Published.Select(static row => row.Data.Item1).Where(static address => !address.StartsWith("0x", StringComparison.Ordinal)))
        {
            for (int i = 4; i < address.Length; i++)
            {
                char other = address[i] is '7' ? '8' : '7';
                WalletAddress.Read(address[..i] + other + address[(i + 1)..]).ShouldBeNull($"{address} at {i}");
            }
        }
    }

    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    [InlineData("testing", "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02")]
    public void Keccak_is_that_of_ethereum(string text, string hash)
    {
        byte[] result = new byte[Keccak256.Length];
        Keccak256.Hash(Encoding.ASCII.GetBytes(text), result);

        Convert.ToHexStringLower(result).ShouldBe(hash);
    }

    [Fact]
    public void Solana_accounts_are_points_of_the_curve_and_derived_ones_are_not()
    {
        // The base point of Ed25519 (RFC 8032), and a number that is no point.
        byte[] basePoint = [0x58, .. Enumerable.Repeat((byte)0x66, 31)];
        byte[] none = [2, .. new byte[31]];

        Ed25519Point.IsOnCurve(basePoint).ShouldBeTrue();
        Ed25519Point.IsOnCurve(none).ShouldBeFalse();
        WalletAddress.IsSolana("11111111111111111111111111111111").ShouldBeFalse();
    }

    [Fact]
    public void No_word_is_too_strange()
    {
        Prop.ForAll<string>(word => word is null || (WalletAddress.Read(word), WalletAddress.IsSolana(word)) is (null, false)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Base58_reads_what_it_writes()
    {
        Prop.ForAll<byte[]>(bytes =>
        {
            byte[] data = bytes ?? [];
            byte[] read = new byte[data.Length];
            return Base58.TryDecode(Write(data), read) && read.AsSpan().SequenceEqual(data);
        }).QuickCheckThrowOnFailure();
    }

    private static string Write(byte[] data)
    {
        System.Numerics.BigInteger number = new(data, isUnsigned: true, isBigEndian: true);
        StringBuilder text = new();
        for (; number > 0; number /= 58)
        {
            text.Insert(0, Base58.Alphabet[(int)(number % 58)]);
        }

        return new string('1', data.TakeWhile(static b => b == 0).Count()) + text;
    }
}
