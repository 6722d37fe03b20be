using System.Buffers.Binary;

namespace Whorl.Sources.Capture.Flows;

/// <summary>The one option of later segments that is of use.</summary>
internal static class TcpOptions
{
    /// <summary>The sender's clock of the timestamp option (RFC 7323 §3); 0 without one.</summary>
    public static uint TimestampOf(ReadOnlySpan<byte> options)
    {
        while (!options.IsEmpty && options[0] != 0)
        {
            int length = options[0] == 1 ? 1 : options.Length > 1 ? options[1] : 0;
            if (length == 0 || length > options.Length || (length < 2 && options[0] != 1))
            {
                return 0;
            }

            if (options[0] == 8 && length == 10)
            {
                return BinaryPrimitives.ReadUInt32BigEndian(options[2..]);
            }

            options = options[length..];
        }

        return 0;
    }
}
