using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Whorl.Sources.Capture.Inputs;

/// <summary>A file that grows, and what takes its place when it is rotated.</summary>
internal sealed class FollowedFile
{
    private readonly string _path;
    private string? _name;

    private FollowedFile(string path, FileStream stream)
    {
        _path = path;
        Stream = stream;
        _name = NameNow(stream);
    }

    /// <summary>The file read now.</summary>
    public FileStream Stream { get; private set; }

    public static FollowedFile Open(string path) => new(path, OpenStream(path));

    // Its writer, and who rotates it, must be able to go on.
    public static FileStream OpenStream(string path) =>
        new(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan });

    /// <summary>Called at the end of the file: gives the stream to go on with where the file was cut or replaced.</summary>
    /// <param name="read">Bytes read of it so far.</param>
    /// <param name="next">A stream at the start of the new file.</param>
    public bool TryTurn(long read, [NotNullWhen(true)] out Stream? next)
    {
        next = null;
        try
        {
            bool cut = Stream.Length < read;
            if ((!cut && NameNow(Stream) == _name) || !File.Exists(_path))
            {
                return false;
            }

            Stream = OpenStream(_path);
            _name = NameNow(Stream);
            next = Stream;
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // between two files; asked again after the wait
        }
    }

    // Linux says under which name an open file goes by now: another one, or "(deleted)", once it was replaced.
    private static string? NameNow(FileStream stream) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{stream.SafeFileHandle.DangerousGetHandle()}")).LinkTarget;
}
