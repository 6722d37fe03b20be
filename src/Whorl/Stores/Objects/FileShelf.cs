using Whorl.Kernel;

namespace Whorl.Stores.Objects;

/// <summary>Each object is one file, written under another name, flushed and then renamed, so that a file under its own name is whole.</summary>
internal sealed class FileShelf(string root, TimeProvider clock) : IObjectShelf
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string Unfinished = ".new-";

    // The entry and the rest of the last block.
    public int Overhead => 4096;

    // The folder is this process's own.
    public TimeSpan MeasureHolds => TimeSpan.MaxValue;

    public Task<bool> HasAsync(string name, CancellationToken cancel) => Task.FromResult(File.Exists(PathOf(name)));

    public async Task PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        string path = PathOf(name);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
            string unfinished = Path.Combine(Path.GetDirectoryName(path)!, Unfinished + Uuid7.Text(Uuid7.New(clock)));
            await using (FileStream file = new(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly, BufferSize = 0 }))
            {
                await file.WriteAsync(bytes, cancel);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException(fault.Message, fault);
        }
    }

    public Task<Stream?> OpenAsync(string name, CancellationToken cancel) => Task.FromResult(Open(name));

    public Stream? Open(string name) => File.Exists(PathOf(name)) ? File.OpenRead(PathOf(name)) : null;

    public Task<long> MeasureAsync(CancellationToken cancel) => Task.FromResult(Measure());

    // What a killed process left unfinished is removed on the way.
    public long Measure()
    {
        if (!Directory.Exists(root))
        {
            return 0;
        }

        long sum = 0;
        foreach (FileInfo file in new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (file.Name.StartsWith(Unfinished, StringComparison.Ordinal))
            {
                file.Delete();
            }
            else
            {
                sum += file.Length + Overhead;
            }
        }

        return sum;
    }

    // Two letters first: a folder with a million files is slow to list.
    private string PathOf(string name) => Path.Combine(root, name[..2], name);
}
