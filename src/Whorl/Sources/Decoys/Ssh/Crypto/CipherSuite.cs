using System.Security.Cryptography;

namespace Whorl.Sources.Decoys.Ssh.Crypto;

/// <summary>Makes ciphers of the names that two sides settled on.</summary>
internal static class CipherSuite
{
    /// <summary>Bytes of key, of counter or nonce, and of the code's key; null for names that we cannot carry.</summary>
    public static (int Key, int Iv, int Mac)? Lengths(string cipher, string mac)
    {
        (int Key, int Iv)? lengths = cipher switch
        {
            "chacha20-poly1305@openssh.com" => (ChaChaPoly.KeyLength, 0),
            "aes128-gcm@openssh.com" => (16, 12),
            "aes256-gcm@openssh.com" => (32, 12),
            "aes128-ctr" => (16, 16),
            "aes192-ctr" => (24, 16),
            "aes256-ctr" => (32, 16),
            _ => null,
        };
        int? code = IsAuthenticated(cipher) ? 0 : MacName(mac) switch
        {
            "hmac-sha1" => 20,
            "hmac-sha2-256" => 32,
            "hmac-sha2-512" => 64,
            _ => null,
        };
        return lengths is { } known && code is { } length ? (known.Key, known.Iv, length) : null;
    }

    public static PacketCipher Make(string cipher, string mac, byte[] key, byte[] iv, byte[] macKey) => cipher switch
    {
        "chacha20-poly1305@openssh.com" => new ChaChaCipher(key),
        "aes128-gcm@openssh.com" or "aes256-gcm@openssh.com" => new GcmCipher(key, iv),
        _ => new CtrCipher(key, iv, Code(mac, macKey), mac.EndsWith("-etm@openssh.com", StringComparison.Ordinal)),
    };

    /// <summary>Whether the cipher authenticates by itself, so that no code is settled on.</summary>
    public static bool IsAuthenticated(string cipher) => cipher is "chacha20-poly1305@openssh.com" or "aes128-gcm@openssh.com" or "aes256-gcm@openssh.com";

    private static HMAC Code(string mac, byte[] key) => MacName(mac) switch
    {
#pragma warning disable CA5350 // old clients settle on it, and to hear them is the point
        "hmac-sha1" => new HMACSHA1(key),
#pragma warning restore CA5350
        "hmac-sha2-512" => new HMACSHA512(key),
        _ => new HMACSHA256(key),
    };

    private static string MacName(string mac) => mac.EndsWith("-etm@openssh.com", StringComparison.Ordinal) ? mac[..^"-etm@openssh.com".Length] : mac;
}
