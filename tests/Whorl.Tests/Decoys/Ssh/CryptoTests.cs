using System.IO.Compression;
using System.Numerics;
using System.Security.Cryptography;
using Whorl.Sources.Decoys.Ssh.Crypto;

namespace Whorl.Tests.Decoys.Ssh;

/// <summary>The primitives that .NET does not offer, against published vectors.</summary>
public sealed class CryptoTests
{
    // RFC 7748 §5.2.
    [Theory]
    [InlineData("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d", "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493", "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    public void X25519_gives_the_vectors_of_its_standard(string secret, string point, string product) =>
        Convert.ToHexStringLower(Curve25519.Multiply(Convert.FromHexString(secret), Convert.FromHexString(point))).ShouldBe(product);

    [Fact]
    public void X25519_agrees_with_itself_for_any_two_secrets()
    {
        for (int i = 0; i < 50; i++)
        {
            byte[] one = RandomNumberGenerator.GetBytes(32), other = RandomNumberGenerator.GetBytes(32);
            Curve25519.Multiply(one, Curve25519.PublicKey(other)).ShouldBe(Curve25519.Multiply(other, Curve25519.PublicKey(one)));
        }
    }

    // RFC 3526 §3, §5 and §7: first and last words before the ones at both ends.
    [Fact]
    public void The_groups_of_finite_fields_are_those_of_their_standard()
    {
        Hex(FiniteGroup.Group14).ShouldStartWith("ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd1");
        Hex(FiniteGroup.Group14).ShouldEndWith("15728e5a8aacaa68ffffffffffffffff");
        Hex(FiniteGroup.Group16).ShouldEndWith("4df435c934063199ffffffffffffffff");
        Hex(FiniteGroup.Group18).ShouldEndWith("60c980dd98edd3dfffffffffffffffff");
        Hex(FiniteGroup.Group18).Length.ShouldBe(2048);
    }

    [Theory]
    [InlineData("curve25519-sha256", 31)]
    [InlineData("curve25519-sha256", 32)]
    [InlineData("ecdh-sha2-nistp256", 65)]
    [InlineData("ecdh-sha2-nistp521", 0)]
    [InlineData("diffie-hellman-group14-sha256", 1)]
    [InlineData("diffie-hellman-group14-sha256", 300)]
    public void A_public_value_that_is_none_gives_no_secret(string method, int zeros)
    {
        byte[] value = new byte[zeros];
        if (zeros == 65)
        {
            value[0] = 4;
        }

        KeyAgreement.With(method, value).ShouldBeNull();
    }

    [Theory]
    [InlineData("chacha20-poly1305@openssh.com", "")]
    [InlineData("aes128-gcm@openssh.com", "")]
    [InlineData("aes256-ctr", "hmac-sha2-256")]
    [InlineData("aes128-ctr", "hmac-sha2-512-etm@openssh.com")]
    [InlineData("aes192-ctr", "hmac-sha1")]
    public void What_is_sealed_is_opened_and_what_was_changed_is_not(string cipher, string mac)
    {
        (int key, int iv, int code) = CipherSuite.Lengths(cipher, mac)!.Value;
        byte[] keyBytes = RandomNumberGenerator.GetBytes(key), ivBytes = RandomNumberGenerator.GetBytes(iv), codeBytes = RandomNumberGenerator.GetBytes(code);
        using PacketCipher sealing = CipherSuite.Make(cipher, mac, keyBytes, ivBytes, codeBytes), opening = CipherSuite.Make(cipher, mac, keyBytes, ivBytes, codeBytes);
        for (uint sequence = 0; sequence < 5; sequence++)
        {
            byte[] packet = [0, 0, 0, 60, 4, .. RandomNumberGenerator.GetBytes(59)];
            byte[] sent = [.. packet], tag = new byte[sealing.TagLength];
            sealing.Seal(sequence, sent, tag);
            tag[0] ^= (byte)(sequence == 4 ? 1 : 0);
            opening.Begin(sequence, sent.AsSpan(0, opening.Head)).ShouldBe(60u);
            opening.TryOpen(sequence, sent, tag).ShouldBe(sequence < 4);
            if (sequence < 4)
            {
                sent.AsSpan(4).SequenceEqual(packet.AsSpan(4)).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public async Task What_comes_behind_the_end_of_a_compressed_stream_is_no_packet()
    {
        using MemoryStream packed = new();
        using (ZLibStream packing = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            packing.Write("hello"u8);
        }

        using DelayedZlib zlib = new();
        zlib.Unpack(packed.ToArray()).ShouldBe("hello"u8.ToArray());
        byte[]? behind = await Task.Run(() => zlib.Unpack([1, 2, 3])).WaitAsync(TimeSpan.FromSeconds(30));
        behind.ShouldBeNull();
    }

    [Theory]
    [InlineData("diffie-hellman-group14-sha256")]
    [InlineData("diffie-hellman-group16-sha512")]
    [InlineData("diffie-hellman-group18-sha512")]
    public void Two_sides_of_a_finite_group_come_to_one_secret(string method)
    {
        BigInteger prime = KeyAgreement.GroupOf(method)!.Prime, exponent = new(RandomNumberGenerator.GetBytes(32), isUnsigned: true);
        KeyAgreement agreed = KeyAgreement.With(method, BigInteger.ModPow(2, exponent, prime).ToByteArray(isUnsigned: true, isBigEndian: true))!;
        BigInteger.ModPow(new(agreed.Public, isUnsigned: true, isBigEndian: true), exponent, prime).ToByteArray(isUnsigned: true, isBigEndian: true).ShouldBe(agreed.Secret);
    }

    private static string Hex(FiniteGroup group) => Convert.ToHexStringLower(group.Prime.ToByteArray(isUnsigned: true, isBigEndian: true));
}
