using System.Text;
using Whorl.Native.Crypto;

namespace Whorl.Tests.Kernel;

public sealed class EdwardsKeyTests
{
    // RFC 8032 §7.1, tests 1 and 3.
    [Theory]
    [InlineData("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void The_published_keys_make_the_published_signatures(string secret, string key, string message, string signature)
    {
        byte[] bytes = Convert.FromHexString(message);
        Convert.ToHexStringLower(EdwardsKey.PublicOf(Convert.FromHexString(secret))).ShouldBe(key);
        Convert.ToHexStringLower(EdwardsKey.Sign(Convert.FromHexString(secret), bytes)).ShouldBe(signature);
        EdwardsKey.Verify(EdwardsCurve.Ed25519, Convert.FromHexString(key), bytes, Convert.FromHexString(signature)).ShouldBeTrue();
    }

    [Fact]
    public void No_flipped_bit_is_taken_and_no_wrong_length_throws()
    {
        byte[] secret = [.. Enumerable.Range(1, EdwardsKey.Length).Select(each => (byte)each)];
        byte[] key = EdwardsKey.PublicOf(secret), message = Encoding.ASCII.GetBytes("message"), signature = EdwardsKey.Sign(secret, message);
        for (int bit = 0; bit < signature.Length * 8; bit++)
        {
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            EdwardsKey.Verify(EdwardsCurve.Ed25519, key, message, signature).ShouldBeFalse();
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        for (int n = 0; n < signature.Length; n++)
        {
            EdwardsKey.Verify(EdwardsCurve.Ed25519, key, message, signature.AsSpan(0, n)).ShouldBeFalse();
        }

        for (int n = 0; n < key.Length; n++)
        {
            EdwardsKey.Verify(EdwardsCurve.Ed25519, key.AsSpan(0, n), message, signature).ShouldBeFalse();
            EdwardsKey.Sign(secret.AsSpan(0, n), message).ShouldBeEmpty();
            EdwardsKey.PublicOf(secret.AsSpan(0, n)).ShouldBeEmpty();
        }
    }
}
