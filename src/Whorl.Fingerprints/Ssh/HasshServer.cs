namespace Whorl.Fingerprints.Ssh;

/// <summary>HASSHServer: like <see cref="Hassh"/>, of the server's <see cref="KexInit"/> and its server-to-client lists.</summary>
public static class HasshServer
{
    /// <summary>The text that is hashed.</summary>
    /// <param name="server">What the server sent.</param>
    public static string Text(KexInit server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return $"{server.KexAlgorithms};{server.EncryptionServerToClient};{server.MacServerToClient};{server.CompressionServerToClient}";
    }

    /// <summary>The fingerprint: MD5 of <see cref="Text"/>, 32 lower-case hex digits.</summary>
    /// <param name="server">What the server sent.</param>
    public static string Hash(KexInit server) => Hassh.Md5(Text(server));
}
