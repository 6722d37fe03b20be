using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Whorl.Native.Capture;

/// <summary>A network interface, as the kernel describes it (rtnetlink(7)).</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>macvlan</c>, <c>ipvlan</c>, <c>veth</c> …; empty for hardware.</param>
/// <param name="Parent">Number of the interface it stands on; 0 where it stands alone, or on one of another namespace.</param>
/// <param name="Up">Whether it was switched on.</param>
internal sealed record NetworkLink(int Index, string Name, string Kind, int Parent, bool Up)
{
    private const ushort RequestDump = 0x301;

    private const ushort GetLink = 18;

    private const ushort NewLink = 16;

    private const ushort Done = 3;

    private const ushort Error = 2;

    private const int MessageHeader = 16;

    private const int LinkHeader = 16;

    private const ushort AttributeName = 3;

    private const ushort AttributeLink = 5;

    private const ushort AttributeLinkInfo = 18;

    private const ushort AttributeLinkNamespace = 37;

    private const ushort InfoKind = 1;

    // The two upper bits of an attribute's type are flags.
    private const ushort TypeMask = 0x3FFF;

    // What one answer of the kernel holds at most; it fills buffers of up to 32 KiB.
    private const int MaxAnswer = 64 * 1024;

    /// <summary>Every interface of the process's network namespace; none where the kernel does not answer.</summary>
    public static IReadOnlyList<NetworkLink> List()
    {
        List<NetworkLink> links = [];
        int error = KernelSocket.TryOpenNetlink(out KernelSocket socket);
        using (socket)
        {
            Span<byte> request = stackalloc byte[MessageHeader + LinkHeader];
            request.Clear();
            MemoryMarshal.Write(request, (uint)request.Length);
            MemoryMarshal.Write(request[4..], GetLink);
            MemoryMarshal.Write(request[6..], RequestDump);
            if (error != 0 || socket.Send(request) != request.Length)
            {
                return links;
            }

            byte[] answer = new byte[MaxAnswer];
            for (int length = socket.Receive(answer); length > 0 && Read(answer.AsSpan(0, length), links); length = socket.Receive(answer))
            {
            }
        }

        return links;
    }

    /// <summary>Reads one answer; false after the last.</summary>
    internal static bool Read(ReadOnlySpan<byte> answer, List<NetworkLink> links)
    {
        while (answer.Length >= MessageHeader)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(answer);
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]);
            if (type is Done or Error || length < MessageHeader || length > answer.Length)
            {
                return false;
            }

            if (type == NewLink && length >= MessageHeader + LinkHeader)
            {
                links.Add(ReadLink(answer[MessageHeader..length]));
            }

            answer = answer[Math.Min(answer.Length, Aligned(length))..];
        }

        return true;
    }

    private static NetworkLink ReadLink(ReadOnlySpan<byte> message)
    {
        int index = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
        bool up = (message[8] & 1) != 0;
        string name = "", kind = "";
        int parent = 0;
        bool elsewhere = false;
        ReadOnlySpan<byte> rest = message[LinkHeader..];
        while (TryTake(ref rest, out ushort type, out ReadOnlySpan<byte> value))
        {
            switch (type)
            {
                case AttributeName:
                    name = Text(value);
                    break;
                case AttributeLink when value.Length == 4:
                    parent = BinaryPrimitives.ReadInt32LittleEndian(value);
                    break;
                case AttributeLinkNamespace:
                    elsewhere = true;
                    break;
                case AttributeLinkInfo:
                    while (TryTake(ref value, out ushort inner, out ReadOnlySpan<byte> text))
                    {
                        kind = inner == InfoKind ? Text(text) : kind;
                    }

                    break;
            }
        }

        return new(index, name, kind, elsewhere || parent == index ? 0 : parent, up);
    }

    internal static bool TryTake(ref ReadOnlySpan<byte> rest, out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (rest.Length < 4)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (length < 4 || length > rest.Length)
        {
            return false;
        }

        type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) & TypeMask);
        value = rest[4..length];
        rest = rest[Math.Min(rest.Length, Aligned(length))..];
        return true;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.TrimEnd((byte)0));

    internal static int Aligned(int length) => (length + 3) & ~3;
}
