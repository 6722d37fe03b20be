using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>Keeps secrets as <see cref="DecoysOptions.Secrets"/> wants; owns the node's key for their hashes.</summary>
internal sealed class SecretKeeper(IOptions<DecoysOptions> options, IOptions<NodeOptions> node)
{
    private const string FileName = "decoys.key";

    private const int KeyLength = 32;

    private byte[]? _key;
    private object? _gate;

    public SecretKeeping Keeping => options.Value.Secrets;

    /// <summary>HMAC-SHA256 of the secret by the node's key, in lower-case hex.</summary>
    public string Hash(ReadOnlySpan<byte> secret) => Convert.ToHexStringLower(HMACSHA256.HashData(Key(), secret));

    // Where the disk failed it is tried again for the next secret.
    private byte[] Key() => LazyInitializer.EnsureInitialized(ref _key, ref _gate, () => ReadOrMake(Path.Combine(Path.GetFullPath(node.Value.Data), FileName)));

    private static byte[] ReadOrMake(string path)
    {
        if (File.Exists(path) && File.ReadAllBytes(path) is { Length: KeyLength } kept)
        {
            return kept;
        }

        byte[] made = RandomNumberGenerator.GetBytes(KeyLength);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        file.Write(made);
        return made;
    }
}
