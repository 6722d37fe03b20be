using Whorl.Fingerprints.Tcp;

namespace Whorl.Sources.Capture.Observing;

/// <summary>p0f's signatures, read from where the system's package puts them; without them stacks are told without a name.</summary>
internal static class SignatureFile
{
    /// <summary>Debian, Ubuntu, Fedora; then BSD and what was built by hand.</summary>
    public static readonly IReadOnlyList<string> Usual = ["/etc/p0f/p0f.fp", "/usr/share/p0f/p0f.fp", "/usr/local/etc/p0f.fp"];

    // p0f 3.09b's own file has 32 KB.
    private const long MaxLength = 4 * 1024 * 1024;

    /// <summary>The signatures of a file, or of the first usual one there is; null where there is none.</summary>
    /// <exception cref="IOException">The file named cannot be read.</exception>
    public static P0fSignatures? Load(string? path)
    {
        path ??= Usual.FirstOrDefault(File.Exists);
        if (path is null)
        {
            return null;
        }

        FileInfo file = new(path);
        return file.Length > MaxLength ? throw new IOException($"{path} is larger than any signature file") : P0fSignatures.Parse(File.ReadAllText(path));
    }
}
