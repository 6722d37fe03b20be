namespace Whorl.Stores.Objects;

/// <summary>Where the bytes of objects lie: files, or a bucket. Names are hashes of the bytes; budget and refusals are the store's affair. What the place refuses is an <see cref="IOException"/>.</summary>
internal interface IObjectShelf
{
    /// <summary>What an object takes beside its bytes, about.</summary>
    int Overhead { get; }

    /// <summary>How long a measure holds; after that others may have put things there.</summary>
    TimeSpan MeasureHolds { get; }

    Task<bool> HasAsync(string name, CancellationToken cancel);

    /// <summary>Puts an object there, whole or not at all.</summary>
    Task PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>Null where there is none of that name.</summary>
    Task<Stream?> OpenAsync(string name, CancellationToken cancel);

    /// <summary>Bytes that the objects take.</summary>
    Task<long> MeasureAsync(CancellationToken cancel);
}
