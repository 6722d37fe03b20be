using System.Collections.Frozen;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>What a server of some software offers in its KEXINIT, in its order; with its banner these make its HASSHServer.</summary>
/// <param name="Banner">Identification line where the persona gives none.</param>
internal sealed record SshProfile(string Banner, string Kex, string HostKeys, string Ciphers, string Macs, string Compression);

/// <summary>
/// The offers of real servers. Some names in them we cannot carry (umac, CBC and 3DES ciphers, SHA-1 groups, DSA); they stand there because a list without them is no server's list.
/// OpenSSH, dropbear, libssh and nmap settle on others: a client that insists on one of these is told that there is no match, as by a server with a narrower configuration.
/// </summary>
internal static class SshProfiles
{
    public const string Usual = "openssh-8";

    public static readonly FrozenDictionary<string, SshProfile> All = new Dictionary<string, SshProfile>(StringComparer.Ordinal)
    {
        // OpenSSH 8.4p1 as Debian 11 had it (equal in these lists to 8.2p1, whose HASSHServer others have published).
        [Usual] = new(
            "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u1",
            "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
            "rsa-sha2-512,rsa-sha2-256,ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519",
            "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
            "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
            "none,zlib@openssh.com"),

        // Dropbear 2019.78, as on routers and cameras.
        ["dropbear-2019"] = new(
            "SSH-2.0-dropbear_2019.78",
            "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,kexguess2@matt.ucc.asn.au",
            "ecdsa-sha2-nistp256,ssh-rsa",
            "aes128-ctr,aes256-ctr,aes128-cbc,aes256-cbc,3des-ctr,3des-cbc",
            "hmac-sha1-96,hmac-sha1,hmac-sha2-256",
            "zlib@openssh.com,none"),
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
