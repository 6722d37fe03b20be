using System.Globalization;
using System.Text;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel.Content;

namespace Whorl.Analysis.Rules;

/// <summary>Finds and reads rules files on disk.</summary>
internal static class RuleFiles
{
    // Bad bytes are a fault to report, not a question mark inside somebody's rule.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The texts of all files below <paramref name="paths"/>; what cannot be read is among the faults. A folder that is not there is empty.</summary>
    public static IReadOnlyList<RuleText> Read(IReadOnlyList<string> paths, List<ContentFault> faults)
    {
        List<RuleText> texts = [];
        foreach ((int layer, string file) in Find(paths))
        {
            try
            {
                if (new FileInfo(file).Length > RuleReader.MaxFileLength)
                {
                    faults.Add(new(new(file, 1, 1), $"a rules file may be {RuleReader.MaxFileLength / 1024 / 1024} MiB long"));
                    continue;
                }

                texts.Add(new(file, Strict.GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF'), layer));
            }
            catch (DecoderFallbackException)
            {
                faults.Add(new(new(file, 1, 1), "this file is not UTF-8"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                faults.Add(new(new(file, 1, 1), $"this file cannot be read: {exception.Message}"));
            }
        }

        return texts;
    }

    /// <summary>Which files there are and how they look from outside; another stamp means that something changed.</summary>
    public static string Stamp(IReadOnlyList<string> paths)
    {
        StringBuilder stamp = new();
        foreach ((_, string file) in Find(paths))
        {
            FileInfo info = new(file);
            FileSystemInfo target = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
            stamp.Append(CultureInfo.InvariantCulture, $"{file}|{target.FullName}|{(target is FileInfo { Exists: true } found ? found.Length : -1)}|{target.LastWriteTimeUtc.Ticks}\n");
        }

        return stamp.ToString();
    }

    private static IEnumerable<(int Layer, string File)> Find(IReadOnlyList<string> paths)
    {
        for (int layer = 0; layer < paths.Count; layer++)
        {
            string path = paths[layer];
            if (!Directory.Exists(path))
            {
                if (File.Exists(path))
                {
                    yield return (layer, path);
                }

                continue;
            }

            foreach (string file in Directory.EnumerateFiles(path, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                yield return (layer, file);
            }
        }
    }
}
