using System.Text.Json;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Records;

/// <summary>What became of a job with one step: the job and its run as they are from then on, and the scan that was kept with it.</summary>
internal sealed record JobChange(SiteJob Job, JobRun? Run, JobTransition? Step, ScanRecord? Scan);

/// <summary>
/// What became of the jobs of a file, a line for each change, on the disk before anybody acts on it. A process that was killed leaves it to the next one; an orderly end takes it away,
/// and a restart begins anew. Where it cannot be written that is said, and jobs are done without.
/// </summary>
internal sealed class JobJournal(string path, ILogger log) : IDisposable
{
    private FileStream? _file;
    private long _whole;
    private bool _without;

    /// <summary>What a process that was killed left. A last line that it did not live to write whole never happened.</summary>
    public IReadOnlyList<JobChange> Read()
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] text = new byte[file.Length];
        file.ReadExactly(text);
        List<JobChange> changes = [];
        ReadOnlySpan<byte> rest = text;
        for (int end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
        {
            try
            {
                changes.Add(JsonSerializer.Deserialize<JobChange>(rest[..end], ScanJson.Options) ?? throw new JsonException("it is null"));
            }
            catch (JsonException fault)
            {
                throw new StoreException($"{path}: line {changes.Count + 1} is no change of a job: {fault.Message}", "Move the file away; then the jobs begin anew.");
            }

            rest = rest[(end + 1)..];
        }

        _whole = text.Length - rest.Length;
        return changes;
    }

    /// <summary>Ends when they are on the disk.</summary>
    public void Append(IReadOnlyList<JobChange> changes)
    {
        if (_without || (_file is null && !TryOpen()))
        {
            return;
        }

        using MemoryStream lines = new();
        foreach (JobChange change in changes)
        {
            JsonSerializer.Serialize(lines, change, ScanJson.Options);
            lines.WriteByte((byte)'\n');
        }

        _file!.Write(lines.GetBuffer().AsSpan(0, (int)lines.Length));
        _file.Flush(flushToDisk: true);
    }

    /// <summary>Takes the file away where this process wrote it.</summary>
    public void Dispose()
    {
        if (_file is not null)
        {
            _file.Dispose();
            _file = null;
            _without = true;
            File.Delete(path);
        }
    }

    private bool TryOpen()
    {
        try
        {
            _file = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            _file.SetLength(_whole);
            _file.Seek(0, SeekOrigin.End);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _without = true;
            SitesLog.NoJournal(log, path, fault.Message);
            return false;
        }
    }
}
