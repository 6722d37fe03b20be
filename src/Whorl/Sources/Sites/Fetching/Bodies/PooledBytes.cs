using System.Buffers;

namespace Whorl.Sources.Sites.Fetching.Bodies;

/// <summary>Bytes that grow up to a cap, in an array of the pool. Disposing gives it back; nothing of it may be used then.</summary>
internal sealed class PooledBytes(int cap) : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Min(cap + 1, 16 * 1024));

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>Room for more; empty when the cap is reached.</summary>
    public Memory<byte> Room()
    {
        if (Length == _bytes.Length && Length < cap)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(cap, _bytes.Length * 2));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsMemory(Length, Math.Min(_bytes.Length, cap) - Length);
    }

    public void Advance(int count) => Length += count;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }
}
