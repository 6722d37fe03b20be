using System.Text.Json;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Records;

/// <summary>A JSON file with jobs: an array of addresses, or of objects with <c>url</c> and perhaps <c>origin</c>.</summary>
internal sealed class JobFile(string path)
{
    private static readonly JsonSerializerOptions Shape = new(ScanJson.Options) { WriteIndented = true };

    /// <summary>What it says; each fault names the entry.</summary>
    public IReadOnlyList<NewJob> Read(ICollection<string> faults)
    {
        List<NewJob> jobs = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            JsonElement list = document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("jobs", out JsonElement inner) ? inner : document.RootElement;
            if (list.ValueKind != JsonValueKind.Array)
            {
                faults.Add("it holds no array of jobs");
                return jobs;
            }

            int number = 0;
            foreach (JsonElement entry in list.EnumerateArray())
            {
                number++;
                string? text = entry.ValueKind == JsonValueKind.String ? entry.GetString() : Text(entry, "url") ?? Text(entry, "domain");
                if (SiteAddress.TryParse(text, out SiteAddress? url))
                {
                    jobs.Add(new(url.Url, Text(entry, "origin") ?? "file"));
                }
                else
                {
                    faults.Add($"job {number}: {(text is null ? "it has no url" : $"'{text}' is no address of a site")}");
                }
            }
        }
        catch (JsonException fault)
        {
            faults.Add($"it is no JSON: {fault.Message}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            faults.Add(fault.Message);
        }

        return jobs;
    }

    public void Write(IEnumerable<NewJob> jobs) =>
        WholeFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(jobs.OrderBy(job => job.Url, StringComparer.Ordinal).Select(job => new { job.Url, job.Origin }), Shape));

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A JSON file with scans, in order of address and id. What is there when it is opened stays.</summary>
internal sealed class ResultFile
{
    private static readonly JsonSerializerOptions Shape = new(ScanJson.Options) { WriteIndented = true };

    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private readonly SortedDictionary<(string Url, string Id), (ScanRecord Scan, byte[] Json)> _scans = new(Comparer<(string Url, string Id)>.Create(
        (one, other) => string.CompareOrdinal(one.Url, other.Url) is not 0 and int order ? order : string.CompareOrdinal(one.Id, other.Id)));

    private int _version;
    private int _written;

    public ResultFile(string path)
    {
        _path = path;
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            foreach (ScanRecord scan in JsonSerializer.Deserialize<List<ScanRecord>>(File.ReadAllBytes(path), ScanJson.Options) ?? [])
            {
                Add(scan);
            }

            _version = _written = 0;
        }
        catch (JsonException fault)
        {
            throw new StoreException($"{path}: these are no scans: {fault.Message}", "Name another file for results, or move this one away; it is not overwritten.");
        }
    }

    /// <summary>False where it is there already.</summary>
    public bool Add(ScanRecord scan)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(scan, Shape);
        lock (_gate)
        {
            bool added = _scans.TryAdd((scan.Url, scan.Id), (scan, json));
            _version += added ? 1 : 0;
            return added;
        }
    }

    public IReadOnlyList<ScanRecord> All()
    {
        lock (_gate)
        {
            return [.. _scans.Values.Select(each => each.Scan)];
        }
    }

    /// <summary>Ends when everything that was added before stands in the file. Those that come while it is written share the next writing.</summary>
    public void Write()
    {
        int wanted;
        lock (_gate)
        {
            wanted = _version;
        }

        lock (_writing)
        {
            if (_written >= wanted)
            {
                return;
            }

            int version;
            using MemoryStream text = new();
            lock (_gate)
            {
                version = _version;
                text.Write("["u8);
                ReadOnlySpan<byte> between = "\n"u8;
                foreach ((_, byte[] json) in _scans.Values)
                {
                    text.Write(between);
                    text.Write(json);
                    between = ",\n"u8;
                }

                text.Write("\n]\n"u8);
            }

            WholeFile.Write(_path, text.ToArray());
            _written = version;
        }
    }
}

/// <summary>Writes a file so that whoever reads it, at any moment, finds the old or the new one, whole.</summary>
internal static class WholeFile
{
    public static void Write(string path, byte[] content)
    {
        string full = Path.GetFullPath(path), temporary = full + ".new";
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, full, overwrite: true);
    }
}
