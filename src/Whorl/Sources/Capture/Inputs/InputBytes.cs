using System.IO.Compression;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>What came of asking for more bytes.</summary>
internal enum InputRead
{
    /// <summary>They are there.</summary>
    There,

    /// <summary>Not yet: the file may grow.</summary>
    NotYet,

    /// <summary>The input ends before them.</summary>
    End,

    /// <summary>The input can be read no further; <see cref="InputBytes.Failure"/> says why.</summary>
    Failed,
}

/// <summary>The bytes of a capture file, unpacked, through one big buffer. Spans are valid until the next call of <see cref="Ensure"/>.</summary>
internal sealed class InputBytes : IDisposable
{
    // Reads of this size keep the cost of a system call below a nanosecond a packet, and stay inside the processor's cache.
    private const int BlockLength = 256 * 1024;

    // Small files need no more; a file that goes on gets a bigger buffer with each read.
    private const int FirstBlockLength = 8 * 1024;

    private readonly bool _grows;
    private readonly Stream _raw;
    private Stream _stream;
    private byte[] _buffer = new byte[FirstBlockLength];
    private int _start;
    private int _end;
    private bool _opened;

    /// <param name="stream">The file as it lies there; closed with this.</param>
    /// <param name="grows">The end is not the end: more may be written. Such a file is taken as it is, never unpacked.</param>
    public InputBytes(Stream stream, bool grows)
    {
        _raw = _stream = stream;
        _grows = grows;
        _opened = grows;
    }

    /// <summary>Where the first byte of <see cref="Bytes"/> stands in the unpacked input.</summary>
    public long Offset { get; private set; }

    /// <summary>What was read and not yet passed.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Why the input failed.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>Asks that <see cref="Bytes"/> hold at least <paramref name="count"/>.</summary>
    public InputRead Ensure(int count)
    {
        if (_end - _start >= count)
        {
            return InputRead.There;
        }

        while (_end - _start < count)
        {
            if (_end == _buffer.Length)
            {
                MakeRoom();
            }

            int got;
            try
            {
                if (!_opened)
                {
                    Unpack();
                }

                got = _stream.Read(_buffer, _end, _buffer.Length - _end);
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                Failure = error is InvalidDataException ? "the gzip data is damaged" : error.Message;
                return InputRead.Failed;
            }

            if (got == 0)
            {
                return _grows ? InputRead.NotYet : InputRead.End;
            }

            _end += got;
        }

        return InputRead.There;
    }

    /// <summary>Goes on behind <paramref name="count"/> bytes of <see cref="Bytes"/>.</summary>
    public void Pass(int count)
    {
        _start += count;
        Offset += count;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _raw.Dispose();
    }

    // The buffer grows only when it is full of bytes that really came, whatever length a frame claims to have.
    private void MakeRoom()
    {
        byte[] target = _start > 0 && _buffer.Length >= BlockLength ? _buffer : new byte[2 * _buffer.Length];
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        _buffer = target;
        _end -= _start;
        _start = 0;
    }

    // The first two bytes tell a gzip file; what was read of it already is put back in front.
    private void Unpack()
    {
        byte[] magic = new byte[2];
        int got = _raw.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        Stream whole = new PrefixedStream(magic.AsMemory(0, got), _raw);
        _stream = magic is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
        _opened = true;
    }

    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.IsEmpty)
            {
                return rest.Read(buffer);
            }

            int count = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..count].CopyTo(buffer);
            _prefix = _prefix[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
