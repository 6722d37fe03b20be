using System.Security.Cryptography;
using System.Text.Json;
using Whorl.Fingerprints.Fuzzy;

namespace Whorl.Delivery.Cli.Hashing;

/// <summary>What <c>whorl hash</c> says of one file. Texts are empty where a method gives no digest.</summary>
internal sealed record FileHashes(string File, long Size, string Sha256, string Ssdeep, string Tlsh, int Mmh3, int Favicon)
{
    // Large enough that system calls do not show, small enough to stay in the cache; files of any size need no more.
    private const int BufferLength = 128 * 1024;

    /// <summary>Reads a stream once, to its end, for all methods together.</summary>
    public static async Task<FileHashes> OfAsync(string file, Stream stream, CancellationToken cancel)
    {
        using IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        SsdeepHasher ssdeep = new();
        TlshHasher tlsh = new();
        Murmur3Hasher mmh3 = new();
        FaviconHasher favicon = new();
        byte[] buffer = new byte[BufferLength];
        long size = 0;
        for (int count; (count = await stream.ReadAsync(buffer, cancel)) > 0; size += count)
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, count);
            sha256.AppendData(bytes);
            ssdeep.Append(bytes);
            tlsh.Append(bytes);
            mmh3.Append(bytes);
            favicon.Append(bytes);
        }

        return new(file, size, Convert.ToHexStringLower(sha256.GetHashAndReset()), ssdeep.Digest(), tlsh.Digest(), (int)mmh3.Hash(), favicon.Hash());
    }

    /// <summary>One JSON object; a digest that there is not is null.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("file", File);
        json.WriteNumber("size", Size);
        json.WriteString("sha256", Sha256);
        json.WriteString("ssdeep", Ssdeep.Length == 0 ? null : Ssdeep);
        json.WriteString("tlsh", Tlsh.Length == 0 ? null : Tlsh);
        json.WriteNumber("mmh3", Mmh3);
        json.WriteNumber("favicon", Favicon);
        json.WriteEndObject();
    }
}
