using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Ssh;

namespace Whorl.Tests.Decoys.Ssh;

/// <summary>What a server of some software offers makes the fingerprint by which others know it.</summary>
public sealed class ProfileTests
{
    // 3ccd… was published of captures of OpenSSH 8.2p1 Ubuntu-4ubuntu0.1, which offers what 8.4p1 does.
    [Theory]
    [InlineData("openssh-8", "3ccd1778a76049721c71ad7d2bf62bbc")]
    [InlineData("dropbear-2019", "413e646031ea5204c5ec2fe2d5b7946e")]
    public async Task The_offer_has_the_fingerprint_of_the_software_it_claims(string profile, string hassh)
    {
        await using TestDecoy decoy = new($"{{ service: ssh, algorithms: {profile} }}");
        using DecoyClient client = await decoy.ConnectAsync();
        string banner = await client.HearAsync("\r\n");
        banner.ShouldBe(SshProfiles.All[profile].Banner + "\r\n");
        await client.SayAsync("SSH-2.0-test\r\n");
        string offer = await client.HearAsync(SshProfiles.All[profile].Compression + "\0\0\0\0\0\0\0\0\0\0\0\0\0");
        KexInit.TryParse([.. offer.Select(each => (byte)each), .. new byte[32]], out KexInit? kex).ShouldBe(ParseStatus.Done);
        HasshServer.Hash(kex!).ShouldBe(hassh);
    }
}
