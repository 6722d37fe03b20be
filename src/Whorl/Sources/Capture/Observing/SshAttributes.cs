using Whorl.Fingerprints.Ssh;
using Whorl.Kernel;
using Whorl.Kernel.Writing;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Writes what one side of an SSH connection says in clear.</summary>
internal static class SshAttributes
{
    public static void Write(ref Utf8JsonBuffer json, bool fromServer, SshBanner banner)
    {
        Side(ref json, fromServer);
        json.Hostile("ssh.banner"u8, banner.Text, HostileText.MaxName);
        json.Hostile("ssh.protocol"u8, banner.Protocol, HostileText.MaxName);
        json.Hostile("ssh.software"u8, banner.Software, HostileText.MaxName);
        json.Hostile("ssh.comments"u8, banner.Comments, HostileText.MaxName);
    }

    public static void Write(ref Utf8JsonBuffer json, bool fromServer, KexInit kex, string? banner)
    {
        Side(ref json, fromServer);
        if (fromServer)
        {
            json.Hostile("ssh.hassh_server"u8, HasshServer.Hash(kex), HostileText.MaxName);
            json.Hostile("ssh.hassh_text"u8, HasshServer.Text(kex), HostileText.MaxList);
        }
        else
        {
            json.Hostile("ssh.hassh"u8, Hassh.Hash(kex), HostileText.MaxName);
            json.Hostile("ssh.hassh_text"u8, Hassh.Text(kex), HostileText.MaxList);
        }

        json.Hostile("ssh.host_keys"u8, kex.HostKeyAlgorithms, HostileText.MaxList);
        json.Hostile("ssh.banner"u8, banner, HostileText.MaxName);
    }

    private static void Side(ref Utf8JsonBuffer json, bool fromServer) => json.Plain("ssh.side"u8, fromServer ? "server"u8 : "client"u8);
}
