using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores.Objects;

/// <summary>Bytes by their SHA-256, in files or in a bucket. The same bytes are kept once. What is full keeps nothing more, and what is away keeps nothing: both are counted, and neither is a fault of whoever came with the bytes.</summary>
internal sealed class ObjectStore : IDisposable
{
    // A place that took so long to say no is left alone for a while: each visit has a dozen objects, and none must wait for them all.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly IObjectShelf _shelf;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _measuring = new(1, 1);
    private readonly Lock _gate = new();
    private long? _measured;
    private long? _away;
    private long _used;
    private long _refused;

    public ObjectStore(IOptions<ObjectOptions> options, IOptions<NodeOptions> node, TimeProvider clock)
    {
        _clock = clock;
        Budget = options.Value.Megabytes * 1024L * 1024L;
        _shelf = options.Value.Provider == ObjectProvider.S3
            ? new S3Shelf(options.Value.S3)
            : new FileShelf(Path.Combine(Path.GetFullPath(node.Value.Data), "objects"), clock);
    }

    /// <summary>Objects that were not kept because there was no room, or the place refused.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public long Budget { get; }

    public static string NameOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Bytes that the objects take.</summary>
    public async ValueTask<long> UsedAsync(CancellationToken cancel = default)
    {
        await MeasureAsync(cancel);
        lock (_gate)
        {
            return _used;
        }
    }

    /// <summary>Keeps bytes under their hash; false where there is no room or the place refuses.</summary>
    /// <param name="name">What <see cref="NameOf"/> says of the bytes.</param>
    public async ValueTask<bool> TryKeepAsync(string name, ReadOnlyMemory<byte> bytes)
    {
        long size = bytes.Length + _shelf.Overhead;
        bool taken = false;
        long start = _clock.GetTimestamp();
        if (IsAway())
        {
            Interlocked.Increment(ref _refused);
            return false;
        }

        try
        {
            if (await _shelf.HasAsync(name, CancellationToken.None))
            {
                return true;
            }

            await MeasureAsync(CancellationToken.None);
            taken = TryTake(size);
            if (taken)
            {
                await _shelf.PutAsync(name, bytes, CancellationToken.None);
                return true;
            }
        }
        catch (IOException)
        {
            if (taken)
            {
                Give(size);
            }

            if (_clock.GetElapsedTime(start) > Slow)
            {
                lock (_gate)
                {
                    _away = _clock.GetTimestamp();
                }
            }
        }

        Interlocked.Increment(ref _refused);
        return false;
    }

    /// <summary>The object's bytes; null where there is none of that name.</summary>
    public async ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel = default) => IsName(name) ? await _shelf.OpenAsync(name, cancel) : null;

    /// <summary>The same for who cannot await. Of a bucket it blocks until the object is here.</summary>
    public Stream? Open(string name) => !IsName(name) ? null : _shelf is FileShelf files ? files.Open(name) : Task.Run(() => _shelf.OpenAsync(name, CancellationToken.None)).GetAwaiter().GetResult();

    public void Dispose()
    {
        _measuring.Dispose();
        (_shelf as IDisposable)?.Dispose();
    }

    private static bool IsName(string name) => name.Length == 2 * SHA256.HashSizeInBytes && name.All(char.IsAsciiHexDigitLower);

    private bool TryTake(long bytes)
    {
        lock (_gate)
        {
            if (_used + bytes > Budget)
            {
                return false;
            }

            _used += bytes;
            return true;
        }
    }

    private bool IsAway()
    {
        lock (_gate)
        {
            return _away is { } at && _clock.GetElapsedTime(at) < Rest;
        }
    }

    private void Give(long bytes)
    {
        lock (_gate)
        {
            _used -= bytes;
        }
    }

    private async ValueTask MeasureAsync(CancellationToken cancel)
    {
        if (IsMeasured())
        {
            return;
        }

        await _measuring.WaitAsync(cancel);
        try
        {
            if (!IsMeasured())
            {
                long used = await _shelf.MeasureAsync(cancel);
                lock (_gate)
                {
                    (_used, _measured) = (used, _clock.GetTimestamp());
                }
            }
        }
        finally
        {
            _measuring.Release();
        }
    }

    private bool IsMeasured()
    {
        lock (_gate)
        {
            return _measured is { } at && _clock.GetElapsedTime(at) < _shelf.MeasureHolds;
        }
    }
}

internal static class ObjectsModule
{
    public static IHostApplicationBuilder AddObjects(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(ObjectStore)))
        {
            return builder;
        }

        builder.AddModuleOptions<ObjectOptions, ObjectOptionsValidator>();
        builder.Services.AddSingleton<ObjectStore>();
        builder.Services.AddSingleton<IDoctorCheck, ObjectsDoctor>();
        return builder;
    }
}
