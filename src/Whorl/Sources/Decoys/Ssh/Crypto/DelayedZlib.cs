using System.IO.Compression;

namespace Whorl.Sources.Decoys.Ssh.Crypto;

/// <summary>zlib@openssh.com: compression of payloads that begins when somebody was let in; one stream for each direction, flushed after each payload. Dropbear's client insists on it.</summary>
internal sealed class DelayedZlib : IDisposable
{
    // What a packet's payload may become: as much as one may have anyway.
    private const int MaxPayload = 36_000;

    private readonly MemoryStream _packed = new();
    private readonly Feed _feed = new();
    private readonly ZLibStream _packing;
    private readonly ZLibStream _unpacking;

    public DelayedZlib()
    {
        _packing = new(_packed, CompressionLevel.Fastest, leaveOpen: true);
        _unpacking = new(_feed, CompressionMode.Decompress, leaveOpen: true);
    }

    public byte[] Pack(byte[] payload)
    {
        _packed.SetLength(0);
        _packing.Write(payload);
        _packing.Flush();
        return _packed.ToArray();
    }

    /// <summary>The payload as it was; null where the bytes are none that were packed, or become too many.</summary>
    public byte[]? Unpack(byte[] packed)
    {
        _feed.Give(packed);
        byte[] room = new byte[MaxPayload];
        int length = 0;
        try
        {
            while (_feed.Left > 0 && length < room.Length)
            {
                int read = _unpacking.Read(room, length, room.Length - length);
                if (read == 0)
                {
                    // The stream said that it is over; what comes behind its end is no part of it.
                    return null;
                }

                length += read;
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return _feed.Left > 0 || length == 0 ? null : room[..length];
    }

    public void Dispose()
    {
        _packing.Dispose();
        _unpacking.Dispose();
        _packed.Dispose();
        _feed.Dispose();
    }

    /// <summary>Gives what one packet brought, then says that there is nothing for now.</summary>
    private sealed class Feed : Stream
    {
        private byte[] _bytes = [];
        private int _at;

        public int Left => _bytes.Length - _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Give(byte[] bytes) => (_bytes, _at) = (bytes, 0);

        public override int Read(byte[] buffer, int offset, int count)
        {
            int take = Math.Min(count, Left);
            _bytes.AsSpan(_at, take).CopyTo(buffer.AsSpan(offset));
            _at += take;
            return take;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
