using Microsoft.Win32.SafeHandles;

namespace Whorl.Delivery.Cli.Capturing;

/// <summary>Whoever read our output has gone.</summary>
internal sealed class StoppedReadingException(IOException cause) : Exception(cause.Message, cause);

/// <summary>Standard output as bytes; tells a reader that has gone from other faults.</summary>
internal sealed class StandardOutput(Stream inner) : Stream
{
    // EPIPE, on Linux and on BSD; the runtime gives it as the HResult.
    private const int BrokenPipe = 32;

    private bool _gone;

    public static StandardOutput Open()
    {
        // The console's stream hides that a pipe's reader has gone. A file is left to it: FileStream would write at a position of its own.
        FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return new(stream.CanSeek || !Console.IsOutputRedirected ? Console.OpenStandardOutput() : stream);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_gone)
        {
            return;
        }

        try
        {
            inner.Write(buffer);
        }
        catch (IOException fault) when (fault.HResult == BrokenPipe)
        {
            // What is still buffered is written while the stack unwinds, and must not throw again.
            _gone = true;
            throw new StoppedReadingException(fault);
        }
    }

    public override void Flush()
    {
        if (!_gone)
        {
            inner.Flush();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
