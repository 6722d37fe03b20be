using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores.Objects;

/// <summary>
/// Bytes by their SHA-256. Each object is one file, written under another name, flushed and then renamed, so that a file under its own name is whole.
/// The same bytes are kept once. What is full keeps nothing more.
/// </summary>
internal sealed class ObjectStore(IOptions<ObjectOptions> options, IOptions<NodeOptions> node, TimeProvider clock)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string Unfinished = ".new-";

    // What a file takes beside its bytes, about: its entry and the rest of its last block.
    private const int FileOverhead = 4096;

    private readonly string _root = Path.Combine(Path.GetFullPath(node.Value.Data), "objects");
    private readonly long _budget = options.Value.Megabytes * 1024L * 1024L;
    private readonly Lock _gate = new();
    private long _used = -1;
    private long _refused;

    /// <summary>Objects that were not kept because there was no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Bytes that the objects take.</summary>
    public long Used
    {
        get
        {
            lock (_gate)
            {
                return _used < 0 ? _used = Measure() : _used;
            }
        }
    }

    public long Budget => _budget;

    public static string NameOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Keeps bytes under their hash; false where there is no room or the disk refuses.</summary>
    /// <param name="name">What <see cref="NameOf"/> says of the bytes.</param>
    public async ValueTask<bool> TryKeepAsync(string name, ReadOnlyMemory<byte> bytes)
    {
        string path = PathOf(name);
        if (File.Exists(path))
        {
            return true;
        }

        if (!Take(bytes.Length + FileOverhead))
        {
            Interlocked.Increment(ref _refused);
            return false;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
            string unfinished = Path.Combine(Path.GetDirectoryName(path)!, Unfinished + Uuid7.Text(Uuid7.New(clock)));
            await using (FileStream file = new(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly, BufferSize = 0 }))
            {
                await file.WriteAsync(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Give(bytes.Length + FileOverhead);
            Interlocked.Increment(ref _refused);
            return false;
        }
    }

    /// <summary>The object's bytes; null where there is none of that name.</summary>
    public FileStream? Open(string name)
    {
        bool isName = name.Length == 2 * SHA256.HashSizeInBytes && name.All(char.IsAsciiHexDigitLower);
        return isName && File.Exists(PathOf(name)) ? File.OpenRead(PathOf(name)) : null;
    }

    // Two letters first: a folder with a million files is slow to list.
    private string PathOf(string name) => Path.Combine(_root, name[..2], name);

    private bool Take(long bytes)
    {
        lock (_gate)
        {
            _used = _used < 0 ? Measure() : _used;
            if (_used + bytes > _budget)
            {
                return false;
            }

            _used += bytes;
            return true;
        }
    }

    private void Give(long bytes)
    {
        lock (_gate)
        {
            _used -= bytes;
        }
    }

    // What a killed process left unfinished is removed on the way.
    private long Measure()
    {
        if (!Directory.Exists(_root))
        {
            return 0;
        }

        long sum = 0;
        foreach (FileInfo file in new DirectoryInfo(_root).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (file.Name.StartsWith(Unfinished, StringComparison.Ordinal))
            {
                file.Delete();
            }
            else
            {
                sum += file.Length + FileOverhead;
            }
        }

        return sum;
    }
}

internal static class ObjectsModule
{
    public static IHostApplicationBuilder AddObjects(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<ObjectOptions, ObjectOptionsValidator>();
        builder.Services.AddSingleton<ObjectStore>();
        return builder;
    }
}
