using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Whorl.Fingerprints.Matching;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>One list on disk.</summary>
/// <param name="Fault">What is wrong with it, in one line; null where nothing is.</param>
internal sealed record SignatureList(string File, FingerprintKind? Kind, int Count, string? Fault);

/// <summary>The lists of known fingerprints in force, swapped whole when a file changes. A list with bad lines counts with its good ones; one that cannot be read is left out.</summary>
internal sealed class SignatureLibrary
{
    // The largest published lists are a few megabytes.
    private const int MaxFileLength = 64 * 1024 * 1024;

    private readonly IReadOnlyList<string> _paths;
    private readonly ILogger<SignatureLibrary> _logger;
    private readonly Lock _loading = new();
    private volatile SignatureSet _current = SignatureSet.Empty;
    private volatile IReadOnlyList<SignatureList> _lists = [];
    private string? _loaded;

    public SignatureLibrary(IOptions<SignaturesOptions> options, IOptions<NodeOptions> node, ILogger<SignatureLibrary> logger)
    {
        _paths = options.Value.PathsFor(node.Value.Data);
        _logger = logger;
        Refresh();
    }

    public SignatureSet Current => _current;

    public IReadOnlyList<SignatureList> Lists => _lists;

    /// <summary>Reads the lists again where any changed.</summary>
    public void Refresh()
    {
        lock (_loading)
        {
            try
            {
                string[] files = [.. _paths.SelectMany(Files)];
                string stamp = string.Join('\n', files.Select(Stamp));
                if (stamp == _loaded)
                {
                    return;
                }

                _loaded = stamp;
                Load(files);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // A folder changed while it was looked through; the next look will tell.
                SignaturesLog.LookFailed(_logger, fault.Message);
            }
        }
    }

    private void Load(string[] files)
    {
        List<Signature> signatures = [];
        List<SignatureList> lists = [];
        foreach (string file in files)
        {
            lists.Add(Read(file, signatures));
            if (lists[^1].Fault is { } fault)
            {
                SignaturesLog.Fault(_logger, file, fault);
            }
        }

        _current = new(signatures);
        _lists = lists;
        SignaturesLog.Loaded(_logger, signatures.Count, files.Length);
    }

    private static SignatureList Read(string file, List<Signature> signatures)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        if (SignatureKinds.Of(name.Split('-')[0]) is not { } kind)
        {
            return new(file, null, 0, "its name does not begin with a kind of fingerprint: ja3, ja3s, ja4, hassh, hasshserver, jarm");
        }

        try
        {
            if (new FileInfo(file).Length > MaxFileLength)
            {
                return new(file, kind, 0, $"it is longer than {MaxFileLength / 1024 / 1024} MiB");
            }

            SignatureCsv list = SignatureCsv.Parse(File.ReadAllText(file, Encoding.UTF8), kind, name);
            signatures.AddRange(list.Signatures);
            return new(file, kind, list.Signatures.Count,
                list.BadLines > 0 ? string.Create(CultureInfo.InvariantCulture, $"{list.BadLines} lines left out, first line {list.Errors[0].Line}: {list.Errors[0].Reason}") : null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new(file, kind, 0, $"it cannot be read: {fault.Message}");
        }
    }

    private static IEnumerable<string> Files(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.csv").Order(StringComparer.Ordinal) : File.Exists(path) ? [path] : [];

    private static string Stamp(string file)
    {
        FileInfo info = new(file);
        return string.Create(CultureInfo.InvariantCulture, $"{file}|{info.Length}|{info.LastWriteTimeUtc.Ticks}");
    }
}
