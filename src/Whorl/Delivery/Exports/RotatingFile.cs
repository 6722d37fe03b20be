using System.Globalization;

namespace Whorl.Delivery.Exports;

/// <summary>
/// A file of lines that is put aside when it is large or old. What <see cref="Append"/> returned from is on the disk. A line that a crash left
/// half-written is cut off when the file is opened again, so that readers only ever see whole ones. Used by one thread at a time.
/// </summary>
internal sealed class RotatingFile(string path, long maxBytes, TimeSpan maxAge, int keep, TimeProvider clock, ILogger logger) : IDisposable
{
    private const string TimeForm = "yyyyMMdd'T'HHmmss.fffffff'Z'";

    // Looked through from the end for the last line's beginning.
    private const int Window = 64 * 1024;

    private FileStream? _file;
    private DateTimeOffset _begun;
    private DateTimeOffset _aside = DateTimeOffset.UnixEpoch;

    public string Path => path;

    /// <summary>Adds whole lines. Throws where the disk does; then nothing of them is in the file, or they are cut off at the next try.</summary>
    public void Append(ReadOnlySpan<byte> lines)
    {
        if (_file is not null && !File.Exists(path))
        {
            // Somebody else put it aside.
            Dispose();
        }

        _file ??= Open();
        if (_file.Length > 0 && (_file.Length + lines.Length > maxBytes || clock.GetUtcNow() - _begun >= maxAge))
        {
            PutAside();
            _file = Open();
        }

        long before = _file.Length;
        try
        {
            _file.Write(lines);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            CutTo(before);
            throw;
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private FileStream Open()
    {
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        bool there = File.Exists(path);
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            // Peers' doings are for the operator's eyes, and for a group that collects logs.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        FileStream file = new(path, options);
        long whole = EndOfLastLine(file);
        if (whole < file.Length)
        {
            ExportsLog.CutHalfLine(logger, path, file.Length - whole);
            file.SetLength(whole);
        }

        file.Position = whole;
        _begun = there && whole > 0 ? new(File.GetCreationTimeUtc(path), TimeSpan.Zero) : clock.GetUtcNow();
        return file;
    }

    private void PutAside()
    {
        Dispose();
        // Names must sort as the files came, also where several are put aside in one moment.
        _aside = new(Math.Max(clock.GetUtcNow().UtcTicks, _aside.UtcTicks + 1), TimeSpan.Zero);
        File.Move(path, $"{path}.{_aside.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)}", overwrite: false);
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, name = System.IO.Path.GetFileName(path);
        foreach (string old in Directory.EnumerateFiles(folder, name + ".*").Where(file => IsAside(System.IO.Path.GetFileName(file)[(name.Length + 1)..])).OrderDescending(StringComparer.Ordinal).Skip(keep))
        {
            try
            {
                File.Delete(old);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                ExportsLog.CannotDelete(logger, fault.Message);
            }
        }
    }

    // Only what this class named is deleted.
    private static bool IsAside(string suffix) =>
        DateTime.TryParseExact(suffix, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private void CutTo(long length)
    {
        try
        {
            _file!.SetLength(length);
            _file.Position = length;
        }
        catch (IOException)
        {
            // Opening it again cuts what is no whole line.
            Dispose();
        }
    }

    private static long EndOfLastLine(FileStream file)
    {
        byte[] window = new byte[Window];
        for (long end = file.Length; end > 0; end -= Math.Min(end, Window))
        {
            int length = (int)Math.Min(end, Window);
            file.Position = end - length;
            file.ReadExactly(window, 0, length);
            int at = window.AsSpan(0, length).LastIndexOf((byte)'\n');
            if (at >= 0)
            {
                return end - length + at + 1;
            }
        }

        return 0;
    }
}
