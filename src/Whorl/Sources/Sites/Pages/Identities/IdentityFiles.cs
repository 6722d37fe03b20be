using System.Text;
using Whorl.Kernel.Content;

namespace Whorl.Sources.Sites.Pages.Identities;

/// <summary>Finds and reads files of identity patterns on disk.</summary>
internal static class IdentityFiles
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Where the shipped files are.</summary>
    public static string Shipped => Path.Combine(AppContext.BaseDirectory, "content", "identities");

    /// <summary>Everything that the <c>*.yaml</c> of the folders hold; a folder that is not there holds nothing.</summary>
    public static IdentityCatalog Read(IReadOnlyList<string> folders, List<ContentFault> faults)
    {
        List<IdentityPattern> patterns = [];
        List<SharedIdentity> shared = [];
        foreach (string file in folders.Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal)))
        {
            if (Text(file, faults) is { } text)
            {
                (IReadOnlyList<IdentityPattern> own, IReadOnlyList<SharedIdentity> known) = IdentityReader.Read(file, text, faults);
                patterns.AddRange(own);
                shared.AddRange(known);
            }
        }

        return new(patterns, shared);
    }

    private static string? Text(string file, List<ContentFault> faults)
    {
        try
        {
            if (new FileInfo(file).Length <= IdentityReader.MaxFileLength)
            {
                return Strict.GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF');
            }

            faults.Add(new(new(file, 1, 1), $"a file of identities may be {IdentityReader.MaxFileLength / 1024} KiB long"));
        }
        catch (DecoderFallbackException)
        {
            faults.Add(new(new(file, 1, 1), "this file is not UTF-8"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add(new(new(file, 1, 1), $"this file cannot be read: {exception.Message}"));
        }

        return null;
    }
}
