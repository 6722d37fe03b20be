using System.Security.Cryptography;
using Whorl.Fingerprints.Ssh;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Ssh.Crypto;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>The first key exchange of one conversation (RFC 4253 §7 and §8, RFC 5656, RFC 4419, RFC 8731), the server's side.</summary>
internal sealed class KeyExchange(DecoySession session, SshPackets packets, SshProfile profile, HostKeys keys, string clientBanner, string serverBanner)
{
    private const int Lists = 10;

    // Anybody may ask for the dearest group there is, before any sign-in: whatever they ask for, half of the processors stay free.
    private static readonly SemaphoreSlim Gate = new(Math.Max(1, Environment.ProcessorCount / 2));

    private readonly string _hostKeys = HostKeys.Offered(profile.HostKeys);

    private byte[] _session = [];

    /// <summary>True where both sides are encrypted now.</summary>
    public async Task<bool> RunAsync()
    {
        byte[] own = Offer();
        await packets.WriteAsync(own);
        if (await packets.ReadAsync() is not [SshMessage.KexInit, ..] theirs)
        {
            return false;
        }

        if (Agree(theirs) is not { } suite)
        {
            await packets.DisconnectAsync(SshMessage.KeyExchangeFailed, "no matching key exchange method found.");
            return false;
        }

        if (suite.WrongGuess && await packets.ReadAsync() is null)
        {
            return false;
        }

        byte[] before = new SshWriter().String(clientBanner).String(serverBanner).String(theirs).String(own).String(keys.Blob(suite.HostKey)).ToArray();
        return await ExchangeAsync(suite, before) is { } exchanged && await TakeKeysAsync(suite, exchanged);
    }

    /// <summary>The names that the two sides settle on; null where there is no match, or none that we can carry.</summary>
    internal Suite? Agree(ReadOnlySpan<byte> client)
    {
        SshReader reader = new(client);
        reader.Byte();
        reader.Take(16);
        string[] lists = new string[Lists];
        for (int i = 0; i < Lists; i++)
        {
            lists[i] = reader.Text();
        }

        bool follows = reader.Flag();
        if (!reader.Ok)
        {
            return null;
        }

        string? kex = KexInit.Agreed(lists[0], profile.Kex), hostKey = KexInit.Agreed(lists[1], _hostKeys);
        string? reading = KexInit.Agreed(lists[2], profile.Ciphers), writing = KexInit.Agreed(lists[3], profile.Ciphers);
        string? readingMac = KexInit.Agreed(lists[4], profile.Macs), writingMac = KexInit.Agreed(lists[5], profile.Macs);
        if (kex is null || hostKey is null || reading is null || writing is null || KeyAgreement.HashOf(kex) is null
            || KexInit.Agreed(lists[6], profile.Compression) is null || KexInit.Agreed(lists[7], profile.Compression) is null
            || CipherSuite.Lengths(reading, readingMac ?? "") is null || CipherSuite.Lengths(writing, writingMac ?? "") is null)
        {
            return null;
        }

        packets.AgreeCompression(KexInit.Agreed(lists[6], profile.Compression) != "none", KexInit.Agreed(lists[7], profile.Compression) != "none");
        bool wrong = follows && (lists[0].Split(',')[0] != profile.Kex.Split(',')[0] || lists[1].Split(',')[0] != _hostKeys.Split(',')[0]);
        return new(kex, hostKey, reading, writing, readingMac ?? "", writingMac ?? "", wrong, lists[0].Split(',').Contains("ext-info-c", StringComparer.Ordinal));
    }

    private byte[] Offer()
    {
        SshWriter message = new SshWriter().Byte(SshMessage.KexInit).Raw(RandomNumberGenerator.GetBytes(16)).String(profile.Kex).String(_hostKeys);
        message.String(profile.Ciphers).String(profile.Ciphers).String(profile.Macs).String(profile.Macs).String(profile.Compression).String(profile.Compression);
        return message.String("").String("").Flag(false).Number(0).ToArray();
    }

    private async Task<(byte[] Secret, byte[] Hash)?> ExchangeAsync(Suite suite, byte[] before)
    {
        bool negotiated = suite.Kex.StartsWith("diffie-hellman-group-exchange", StringComparison.Ordinal);
        byte[] group = [];
        if (await packets.ReadAsync() is not { } first)
        {
            return null;
        }

        if (negotiated)
        {
            if (Request(first) is not { } request)
            {
                return null;
            }

            FiniteGroup chosen = KeyAgreement.GroupOf(suite.Kex)!;
            group = [.. request, .. new SshWriter().Multiple(chosen.Prime).Multiple(2).Written];
            await packets.WriteAsync(new SshWriter().Byte(SshMessage.KexReply).Multiple(chosen.Prime).Multiple(2));
            if (await packets.ReadAsync() is not { } second)
            {
                return null;
            }

            first = second;
        }

        if (!await session.EnterAsync(Gate))
        {
            return null;
        }

        Answer answer;
        try
        {
            answer = Agreement(suite, [.. before, .. group], Public(first, negotiated ? SshMessage.GexInit : SshMessage.KexFirst));
        }
        finally
        {
            Gate.Release();
        }

        if (answer.Refusal is not null)
        {
            await packets.DisconnectAsync(SshMessage.KeyExchangeFailed, answer.Refusal);
            return null;
        }

        SshWriter reply = new SshWriter().Byte(negotiated ? SshMessage.GexReply : SshMessage.KexReply).String(keys.Blob(suite.HostKey));
        await packets.WriteAsync((KeyAgreement.IsFiniteField(suite.Kex) ? reply.Multiple(answer.Public) : reply.String(answer.Public)).String(answer.Signature));
        return (answer.Secret, answer.Hash);
    }

    // All that takes long.
    private Answer Agreement(Suite suite, byte[] before, byte[]? theirs)
    {
        if (theirs is null || KeyAgreement.With(suite.Kex, theirs) is not { } agreed)
        {
            return new("bad public value", [], [], [], []);
        }

        SshWriter hashed = new SshWriter().Raw(before);
        _ = KeyAgreement.IsFiniteField(suite.Kex) ? hashed.Multiple(theirs).Multiple(agreed.Public) : hashed.String(theirs).String(agreed.Public);
        byte[] secret = new SshWriter().Multiple(agreed.Secret).ToArray();
        byte[] hash = CryptographicOperations.HashData(KeyAgreement.HashOf(suite.Kex)!.Value, hashed.Raw(secret).Written);
        return keys.Sign(suite.HostKey, hash) is { } signature ? new(null, agreed.Public, secret, hash, signature) : new("no matching host key type found.", [], [], [], []);
    }

    private async Task<bool> TakeKeysAsync(Suite suite, (byte[] Secret, byte[] Hash) exchanged)
    {
        _session = exchanged.Hash;
        await packets.WriteAsync([SshMessage.NewKeys]);
        packets.NewWritingKeys(Cipher(suite, exchanged, suite.Writing, suite.WritingMac, 'B', 'D', 'F'));
        if (await packets.ReadAsync() is not [SshMessage.NewKeys])
        {
            return false;
        }

        packets.NewReadingKeys(Cipher(suite, exchanged, suite.Reading, suite.ReadingMac, 'A', 'C', 'E'));
        if (suite.WantsExtensions && !profile.Banner.Contains("dropbear", StringComparison.Ordinal))
        {
            // RFC 8308: which signatures we take of keys; a client that asks and hears nothing would wonder.
            await packets.WriteAsync(new SshWriter().Byte(SshMessage.ExtInfo).Number(1).String("server-sig-algs"u8).String("ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com"u8));
        }

        return true;
    }

    private PacketCipher Cipher(Suite suite, (byte[] Secret, byte[] Hash) exchanged, string cipher, string mac, char iv, char key, char code)
    {
        (int keyLength, int ivLength, int macLength) = CipherSuite.Lengths(cipher, mac)!.Value;
        HashAlgorithmName hash = KeyAgreement.HashOf(suite.Kex)!.Value;
        return CipherSuite.Make(cipher, mac, Derive(hash, exchanged, key, keyLength), Derive(hash, exchanged, iv, ivLength), Derive(hash, exchanged, code, macLength));
    }

    // RFC 4253 §7.2.
    private byte[] Derive(HashAlgorithmName hash, (byte[] Secret, byte[] Hash) exchanged, char letter, int length)
    {
        byte[] derived = CryptographicOperations.HashData(hash, [.. exchanged.Secret, .. exchanged.Hash, (byte)letter, .. _session]);
        while (derived.Length < length)
        {
            derived = [.. derived, .. CryptographicOperations.HashData(hash, [.. exchanged.Secret, .. exchanged.Hash, .. derived])];
        }

        return derived[..length];
    }

    // min, preferred and max of a group exchange, as they go into the hash.
    private static byte[]? Request(ReadOnlySpan<byte> message)
    {
        SshReader reader = new(message);
        byte number = reader.Byte();
        ReadOnlySpan<byte> sizes = reader.Take(12);
        return reader.Ok && number == SshMessage.GexRequest ? sizes.ToArray() : null;
    }

    private static byte[]? Public(ReadOnlySpan<byte> message, byte expected)
    {
        SshReader reader = new(message);
        byte number = reader.Byte();
        ReadOnlySpan<byte> value = reader.String();
        return reader.Ok && number == expected ? value.ToArray() : null;
    }

    private readonly record struct Answer(string? Refusal, byte[] Public, byte[] Secret, byte[] Hash, byte[] Signature);

    /// <summary>What two sides settled on; reading and writing as we see it.</summary>
    internal sealed record Suite(string Kex, string HostKey, string Reading, string Writing, string ReadingMac, string WritingMac, bool WrongGuess, bool WantsExtensions);
}
