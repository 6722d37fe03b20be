using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Ssh;

/// <summary>
/// HASSH, the SSH client fingerprint of Salesforce (2018): the key exchange methods and the client-to-server ciphers,
/// codes and compressions of the client's <see cref="KexInit"/>, joined by semicolons, and the MD5 of that text.
/// </summary>
public static class Hassh
{
    /// <summary>The text that is hashed.</summary>
    /// <param name="client">What the client sent.</param>
    public static string Text(KexInit client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return $"{client.KexAlgorithms};{client.EncryptionClientToServer};{client.MacClientToServer};{client.CompressionClientToServer}";
    }

    /// <summary>The fingerprint: MD5 of <see cref="Text"/>, 32 lower-case hex digits.</summary>
    /// <param name="client">What the client sent.</param>
    public static string Hash(KexInit client) => Md5(Text(client));

    // The lists were read as Latin-1, so this gives back the very bytes that were sent.
    internal static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.Latin1.GetBytes(text)));
}
