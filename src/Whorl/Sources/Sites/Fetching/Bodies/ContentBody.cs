using System.IO.Compression;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Bodies;

/// <summary>The body of an answer as far as it was read.</summary>
/// <param name="Truncated">Whether a cap or an early end cut it.</param>
/// <param name="Fault">What ended it early although no cap did.</param>
internal readonly record struct BodyEnd(bool Truncated, FetchException? Fault);

/// <summary>Reads bodies: framing off, content codings off, both under caps.</summary>
internal static class ContentBody
{
    /// <summary>What is asked for. Zstandard comes with a later .NET.</summary>
    public const string Accepted = "gzip, deflate, br";

    // Codings one over the other; servers use one, a mistake makes two.
    private const int MaxCodings = 3;

    // Compressed bytes beyond those of the body itself: what does not compress grows by its headers.
    private const int RawSlack = 64 * 1024;

    public static async Task<BodyEnd> ReadAsync(SiteConnection connection, ResponseHead head, int cap, PooledBytes into, CancellationToken cancel)
    {
        await using RawBody raw = new(connection, (long)cap + RawSlack);
        Stream? content = null;
        try
        {
            content = Decoded(raw, head);
            while (true)
            {
                Memory<byte> room = into.Room();
                if (room.IsEmpty)
                {
                    // Whether more would come is not waited for; what has come may still unpack to more.
                    return new(!connection.IsBodyRead || await content.ReadAsync(new byte[1], cancel) > 0, null);
                }

                int count = await content.ReadAsync(room, cancel);
                if (count == 0)
                {
                    // The decoder may be done while the framing is not; then the connection is not used again.
                    return new(raw.Cut, null);
                }

                into.Advance(count);
            }
        }
        catch (Exception fault) when (FetchException.Of(fault is InvalidOperationException ? new InvalidDataException(fault.Message, fault) : fault) is { } known)
        {
            return new(true, known);
        }
        finally
        {
            if (content is not null)
            {
                await content.DisposeAsync();
            }
        }
    }

    private static Stream Decoded(RawBody raw, ResponseHead head)
    {
        string[] codings = [.. head.All("Content-Encoding").SelectMany(value => value.Split(',')).Select(value => value.Trim().ToLowerInvariant()).Where(value => value is not ("" or "identity"))];
        if (codings.Length > MaxCodings)
        {
            throw new FetchException(ScanReasons.Malformed, $"{codings.Length} content codings one over the other");
        }

        Stream content = raw;
        foreach (string coding in codings.Reverse())
        {
            content = coding switch
            {
                "gzip" or "x-gzip" => new GZipStream(content, CompressionMode.Decompress),
                "deflate" => new DeflateBody(content),
                "br" => new BrotliStream(content, CompressionMode.Decompress),
                "zstd" or "compress" or "x-compress" or "dcb" or "dcz" => throw new FetchException(ScanReasons.Malformed, "a content coding that was not asked for"),

                // A charset or another word by mistake: browsers take the body as it is.
                _ => content,
            };
        }

        return content;
    }

    /// <summary>The body with its framing off, as a stream that ends at its cap.</summary>
    private sealed class RawBody(SiteConnection connection, long cap) : ReadOnlyStream
    {
        private long _left = cap;

        public bool Cut { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0)
            {
                Cut = true;
                return 0;
            }

            int count = await connection.ReadBodyAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= count;
            return count;
        }
    }

    /// <summary>Deflate as it is meant (with a zlib header, RFC 1950) or as some servers do it (without); the first two bytes tell.</summary>
    private sealed class DeflateBody(Stream inner) : ReadOnlyStream
    {
        private Stream? _content;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_content is null)
            {
                byte[] first = new byte[2];
                int count = await inner.ReadAtLeastAsync(first, 2, throwOnEndOfStream: false, cancellationToken);
                if (count == 0)
                {
                    return 0;
                }

                PrefixedStream whole = new(first.AsMemory(0, count), inner);
                _content = (first[0] & 0x0F) == 8 && ((first[0] << 8) | first[1]) % 31 == 0 ? new ZLibStream(whole, CompressionMode.Decompress) : new DeflateStream(whole, CompressionMode.Decompress);
            }

            return await _content.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            _content?.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class PrefixedStream(ReadOnlyMemory<byte> first, Stream rest) : ReadOnlyStream
    {
        private ReadOnlyMemory<byte> _first = first;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_first.IsEmpty)
            {
                return rest.ReadAsync(buffer, cancellationToken);
            }

            int count = Math.Min(buffer.Length, _first.Length);
            _first.Span[..count].CopyTo(buffer.Span);
            _first = _first[count..];
            return new(count);
        }
    }
}
