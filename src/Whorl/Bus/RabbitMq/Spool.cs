using System.Globalization;

namespace Whorl.Bus.RabbitMq;

/// <summary>
/// Messages that wait on disk while the broker is away: files of records, appended at the end, read from the front, deleted when every
/// message in them was confirmed. Bounded: a full spool refuses. After a crash a file is sent again from its start, never skipped.
/// </summary>
internal sealed class Spool : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // How much is sent twice at most after a crash, and how soon space is given back.
    private const long SegmentBytes = 4 * 1024 * 1024;

    // Read at once from the front: many small messages, or a part of a long one.
    private const int ReadBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly long _maxBytes;
    private readonly ILogger _logger;
    private readonly LinkedList<Segment> _segments = [];
    private readonly SemaphoreSlim _appended = new(0, 1);
    private FileStream? _writer;
    private long _bytes;
    private long _readTo;
    private long _peekedTo;
    private long _number;
    private bool _reportedFull;

    public Spool(string folder, long maxBytes, ILogger logger)
    {
        (_folder, _maxBytes, _logger) = (folder, maxBytes, logger);
        Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        foreach (string path in Directory.EnumerateFiles(folder, "*.spool").Order(StringComparer.Ordinal))
        {
            Recover(path);
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _segments.Count == 0;
            }
        }
    }

    /// <summary>
    /// True when the message is on the disk: it was flushed, so it survives kill -9 and a power cut. (The name of a new file reaches the
    /// disk with that flush on ext4, XFS and btrfs.) False where the spool is full or cannot be written.
    /// </summary>
    public bool TryAppend(BusMessage message)
    {
        byte[]? record = SpoolRecord.Encode(message);
        lock (_gate)
        {
            if (record is null || _bytes + record.Length > _maxBytes)
            {
                if (!_reportedFull)
                {
                    _reportedFull = true;
                    BusLog.SpoolFull(_logger, (int)(_maxBytes / (1024 * 1024)));
                }

                return false;
            }

            try
            {
                Append(record);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                BusLog.SpoolFailed(_logger, fault);
                AbandonWriter();
                return false;
            }

            if (_appended.CurrentCount == 0)
            {
                _appended.Release();
            }

            return true;
        }
    }

    /// <summary>Ends when something was appended since the last call.</summary>
    public Task WaitAsync(CancellationToken cancel) => _appended.WaitAsync(cancel);

    /// <summary>The oldest messages, which stay until <see cref="RemovePeeked"/>; empty where there is none.</summary>
    public IReadOnlyList<BusMessage> Peek(int count)
    {
        lock (_gate)
        {
            List<BusMessage> messages = [];
            if (_segments.First?.Value is not { } segment)
            {
                return messages;
            }

            long left = segment.Length - _readTo;
            int at = Decode(Read(segment, (int)Math.Min(left, ReadBytes)), count, messages);
            if (messages.Count == 0 && left > ReadBytes)
            {
                at = Decode(Read(segment, (int)left), 1, messages); // One long message.
            }

            // Whole files were checked when they were opened and written by us since: an unreadable rest means that the disk lost it.
            _peekedTo = messages.Count > 0 ? _readTo + at : segment.Length;
            if (messages.Count == 0)
            {
                BusLog.SpoolTorn(_logger, Path.GetFileName(segment.Path), left);
                Advance();
            }

            return messages;
        }
    }

    public void RemovePeeked()
    {
        lock (_gate)
        {
            Advance();
        }
    }

    public void Dispose()
    {
        _writer?.Dispose();
        _appended.Dispose();
    }

    private static int Decode(ReadOnlySpan<byte> bytes, int count, List<BusMessage> messages)
    {
        int at = 0;
        while (messages.Count < count && SpoolRecord.TryDecode(bytes[at..], out BusMessage? message, out int length))
        {
            messages.Add(message!);
            at += length;
        }

        return at;
    }

    private byte[] Read(Segment segment, int length)
    {
        byte[] bytes = new byte[length];
        using FileStream file = new(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Position = _readTo;
        file.ReadExactly(bytes);
        return bytes;
    }

    private void Recover(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int at = 0;
        while (SpoolRecord.TryDecode(bytes.AsSpan(at), out _, out int length))
        {
            at += length;
        }

        if (at < bytes.Length)
        {
            BusLog.SpoolTorn(_logger, Path.GetFileName(path), bytes.Length - at);
        }

        _ = long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        _number = Math.Max(_number, number);
        if (at == 0)
        {
            File.Delete(path);
            return;
        }

        _segments.AddLast(new Segment(path) { Length = at });
        _bytes += at;
    }

    private void Append(byte[] record)
    {
        // A file from before a crash is never appended to: what follows a torn record could not be found.
        if (_writer is null || _segments.Last!.Value.Length >= SegmentBytes)
        {
            _writer?.Dispose();
            _writer = null;
            Segment segment = new(Path.Combine(_folder, (++_number).ToString("D12", CultureInfo.InvariantCulture) + ".spool"));
            _writer = new FileStream(segment.Path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = OwnerOnly,
            });
            _segments.AddLast(segment);
        }

        _writer.Write(record);
        _writer.Flush(flushToDisk: true);
        _segments.Last!.Value.Length += record.Length;
        _bytes += record.Length;
    }

    /// <summary>What a failed write left behind is cut off by starting the next record in a new file.</summary>
    private void AbandonWriter()
    {
        _writer?.Dispose();
        _writer = null;
        if (_segments.Last is { Value.Length: 0 } empty)
        {
            File.Delete(empty.Value.Path);
            _segments.RemoveLast();
        }
    }

    private void Advance()
    {
        _readTo = _peekedTo;
        Segment segment = _segments.First!.Value;
        if (_readTo < segment.Length)
        {
            return;
        }

        if (_segments.Count == 1)
        {
            _writer?.Dispose();
            _writer = null;
        }

        File.Delete(segment.Path);
        _segments.RemoveFirst();
        _bytes -= segment.Length;
        (_readTo, _peekedTo, _reportedFull) = (0, 0, false);
    }

    private sealed class Segment(string path)
    {
        public string Path => path;

        /// <summary>Bytes of whole records.</summary>
        public long Length { get; set; }
    }
}
