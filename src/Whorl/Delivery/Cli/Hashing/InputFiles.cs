namespace Whorl.Delivery.Cli.Hashing;

/// <summary>Opens what a person named on the command line: a file, or <c>-</c> for standard input. A fault is said, not thrown.</summary>
internal sealed class InputFiles(Output output, Func<Stream> standardInput)
{
    public const string StandardInput = "-";

    /// <summary>Null, after saying why, where the file cannot be read.</summary>
    public async Task<FileHashes?> TryHashAsync(string file, CancellationToken cancel)
    {
        if (Directory.Exists(file))
        {
            output.Fail($"{file}: is a folder", "Name files; a shell's `folder/*` does.");
            return null;
        }

        try
        {
            await using Stream stream = file == StandardInput
                ? standardInput()
                : new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete });
            return await FileHashes.OfAsync(file, stream, cancel);
        }
        catch (FileNotFoundException)
        {
            output.Fail($"{file}: there is no such file");
        }
        catch (DirectoryNotFoundException)
        {
            output.Fail($"{file}: there is no such file");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            output.Fail($"{file}: {fault.Message}");
        }

        return null;
    }
}
