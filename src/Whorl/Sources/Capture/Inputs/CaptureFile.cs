using System.Runtime.CompilerServices;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>
/// Reads a capture file: pcap or pcapng, gzipped or not, from a path or from standard input. A file that is followed may
/// grow, be cut, or be replaced by another one under the same name: reading goes on with the new one.
/// </summary>
internal sealed class CaptureFile : IPacketSource
{
    /// <summary>The path that stands for standard input.</summary>
    public const string StandardInput = "-";

    private static readonly TimeSpan DefaultWait = TimeSpan.FromMilliseconds(50);

    private readonly FollowedFile? _followed;
    private readonly TimeSpan _wait;
    private readonly ManualResetEventSlim _closed = new();
    private InputBytes _input;
    private CaptureFormat? _format;
    private long _frames;
    private long _bytes;

    private CaptureFile(Stream stream, FollowedFile? followed, TimeSpan wait)
    {
        _followed = followed;
        _wait = wait;
        _input = new InputBytes(stream, grows: followed is not null);
    }

    public IReadOnlyList<string> Interfaces => _format?.Interfaces ?? [];

    public SourceFault? Fault { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file, or <c>-</c> for standard input.</param>
    /// <param name="follow">Wait for more at its end, and for its successor.</param>
    /// <param name="wait">How long to wait before <see cref="FrameRead.Idle"/>; 50 ms unless told.</param>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CaptureFile Open(string path, bool follow = false, TimeSpan? wait = null)
    {
        if (path == StandardInput)
        {
            return new CaptureFile(Console.OpenStandardInput(), null, default);
        }

        FollowedFile? followed = follow ? FollowedFile.Open(path) : null;
        return new CaptureFile(followed?.Stream ?? FollowedFile.OpenStream(path), followed, wait ?? DefaultWait);
    }

    /// <summary>Reads a capture from a stream, which is closed with this.</summary>
    public static CaptureFile Read(Stream stream) => new(stream, null, default);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public FrameRead TryRead(out CapturedFrame frame)
    {
        if (Fault is not null)
        {
            frame = default;
            return FrameRead.Damaged;
        }

        FrameRead read = ReadOn(out frame, out string? reason);
        if (read == FrameRead.Idle)
        {
            if (!_followed!.TryTurn(_input.Offset + _input.Bytes.Length, out Stream? next))
            {
                _ = _closed.Wait(_wait);
                return read;
            }

            _input.Dispose();
            _input = new InputBytes(next, grows: true);
            _format = null;
            read = ReadOn(out frame, out reason);
        }

        if (read == FrameRead.Frame)
        {
            _frames++;
            _bytes += frame.Bytes.Length;
        }
        else if (read == FrameRead.Damaged)
        {
            Fault = new SourceFault(reason ?? "the file is damaged", _input.Offset);
        }

        return read;
    }

    public SourceCounters Counters() => new(_frames, _bytes, 0, 0);

    public void Dispose()
    {
        _closed.Dispose();
        _input.Dispose();
    }

    private FrameRead ReadOn(out CapturedFrame frame, out string? reason)
    {
        if (_format is null)
        {
            frame = default;
            InputRead read = _input.Ensure(4);
            if (read != InputRead.There)
            {
                reason = read == InputRead.Failed ? _input.Failure : _input.Bytes.IsEmpty ? "the file is empty" : "this is no capture file";
                return read == InputRead.NotYet ? FrameRead.Idle : FrameRead.Damaged;
            }

            _format = CaptureFormat.Of(_input.Bytes);
            if (_format is null)
            {
                reason = "this is no capture file (neither pcap nor pcapng)";
                return FrameRead.Damaged;
            }
        }

        return _format.TryRead(_input, out frame, out reason);
    }
}
