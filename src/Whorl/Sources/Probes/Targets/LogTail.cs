using System.Globalization;
using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Sources.Probes.Targets;

/// <summary>
/// Follows one log of JSON lines: over partial lines, cutting, rotation, and restarts of ours. The position is stored with what was found up to it. A
/// file is known again by its first bytes, under whatever name it goes by then.
/// </summary>
internal sealed class LogTail(string path, string field, ProbesStore store, TargetFinder finder) : IDisposable
{
    // Lines of collectors stay under a few kilobytes; what does not fit here is passed over.
    private const int MaxChunk = 1024 * 1024;

    private const int MaxHead = 256;

    // Rotated files of one log that are looked at for the rest of the one that was read last.
    private const int MaxSiblings = 32;

    private readonly byte[] _buffer = new byte[MaxChunk];
    private readonly string _path = System.IO.Path.GetFullPath(path);
    private FileStream? _stream;
    private string? _name;
    private byte[] _head = [];
    private long _position;
    private bool _begun;
    private bool _skipping;

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>Why the file cannot be read now; null while it can, or is not there yet.</summary>
    public string? Fault { get; private set; }

    /// <summary>Reads what is there; true where there may be more at once.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        try
        {
            if (!_begun)
            {
                await ResumeAsync(cancel);
                _begun = true;
            }

            Fault = null;
            if (_stream is null && !TryOpen(_path, 0))
            {
                return false;
            }

            if (IsCut())
            {
                (_position, _head, _skipping) = (0, [], false);
            }

            // Looked at first: whatever its writer wrote before it turned to the new file is read after this.
            bool turned = HasSuccessor();
            return await ReadAsync(cancel) || (turned && Turn());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Fault = fault.Message;
            Close();
            return false;
        }
    }

    public void Dispose() => Close();

    /// <summary>The address in a line; null where there is none.</summary>
    public static PeerAddress? AddressIn(ReadOnlyMemory<byte> line, string field)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return Find(document.RootElement, field) is { ValueKind: JsonValueKind.String } value && PeerAddress.TryParse(value.GetString(), out PeerAddress address) ? address : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null; // half an escaped character is the second
        }
    }

    // A name may have dots itself: the longest one that is there goes first.
    private static JsonElement? Find(JsonElement element, string field)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (element.TryGetProperty(field, out JsonElement whole))
        {
            return whole;
        }

        for (int dot = field.LastIndexOf('.'); dot > 0; dot = field.LastIndexOf('.', dot - 1))
        {
            if (element.TryGetProperty(field[..dot], out JsonElement inner) && Find(inner, field[(dot + 1)..]) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private async Task ResumeAsync(CancellationToken cancel)
    {
        if (await store.PositionAsync(_path, cancel) is not { } stored)
        {
            return;
        }

        (_head, _position) = (stored.Head, stored.Position);
        if (HasHead(_path, _head))
        {
            TryOpen(_path, _position);
            return;
        }

        // Rotated while we were away: what is left of the old one comes first.
        string folder = System.IO.Path.GetDirectoryName(_path)!;
        string? moved = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, System.IO.Path.GetFileName(_path) + "?*").Take(MaxSiblings).FirstOrDefault(file => HasHead(file, _head))
            : null;
        if (moved is null || !TryOpen(moved, _position))
        {
            (_head, _position) = ([], 0);
        }
    }

    private bool TryOpen(string file, long position)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        // Its writer, and who rotates it, must be able to go on.
        _stream = new(file, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        _name = _path;
        _position = position;
        if (position == 0)
        {
            _head = [];
        }

        return true;
    }

    private static bool HasHead(string file, byte[] head)
    {
        try
        {
            using FileStream stream = new(file, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            return head.Length > 0 && HeadOf(stream, head.Length).AsSpan().SequenceEqual(head);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static byte[] HeadOf(FileStream stream, int length)
    {
        byte[] head = new byte[length];
        int count = RandomAccess.Read(stream.SafeFileHandle, head, 0);
        return head[..count];
    }

    private bool IsCut() => _stream!.Length < _position || !HeadOf(_stream, _head.Length).AsSpan().SequenceEqual(_head);

    private async Task<bool> ReadAsync(CancellationToken cancel)
    {
        int count = await RandomAccess.ReadAsync(_stream!.SafeFileHandle, _buffer, _position, cancel);
        int end = _buffer.AsSpan(0, count).LastIndexOf((byte)'\n') + 1;
        bool tooLong = end == 0 && count == _buffer.Length;
        if (end == 0 && !tooLong)
        {
            return false;
        }

        List<FoundTarget> found = [];
        bool skipping = _skipping;
        int start = 0;
        while (start < end)
        {
            int length = _buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (!skipping && length > 0 && AddressIn(_buffer.AsMemory(start, length), field) is { } address)
            {
                found.Add(new(address, "log"));
            }

            skipping = false;
            start += length + 1;
        }

        long position = _position + (tooLong ? count : end);
        byte[] head = _head.Length < MaxHead ? HeadOf(_stream, (int)Math.Min(MaxHead, position)) : _head;
        await finder.AddAsync(found.DistinctBy(target => target.Address), new(_path, head, position), cancel);

        // Only now: what could not be stored is read again.
        (_position, _head, _skipping) = (position, head, skipping || tooLong);
        return true;
    }

    // Linux says under which name an open file goes by now: another one, or "(deleted)", once it was replaced. Its writer goes on writing to it until it
    // opens the new one, which may have been made long before; once that has bytes nothing more comes here.
    private bool HasSuccessor()
    {
        string? now = new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_stream!.SafeFileHandle.DangerousGetHandle()}")).LinkTarget;
        return now != _name && new FileInfo(_path) is { Exists: true, Length: > 0 };
    }

    private bool Turn()
    {
        Close();
        return TryOpen(_path, 0);
    }

    private void Close()
    {
        _stream?.Dispose();
        _stream = null;
    }
}
