using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Whorl.Native.Capture;

/// <summary>A host on a link of this machine, as the kernel knows it (arp(7), rtnetlink(7) RTM_GETNEIGH).</summary>
/// <param name="Interface">Number of the interface it is behind.</param>
/// <param name="Address">Its address.</param>
/// <param name="Hardware">Its hardware address.</param>
internal sealed record Neighbour(int Interface, IPAddress Address, byte[] Hardware)
{
    private const ushort RequestDump = 0x301;
    private const ushort GetNeighbour = 30;
    private const ushort NewNeighbour = 28;
    private const ushort Done = 3;
    private const ushort Error = 2;
    private const int MessageHeader = 16;
    private const int NeighbourHeader = 12;
    private const ushort Destination = 1;
    private const ushort HardwareAddress = 2;

    // Incomplete, failed and none: there is nobody, or it is not known yet.
    private const ushort Nobody = 0x01 | 0x20;

    private const int MaxAnswer = 64 * 1024;

    /// <summary>Everybody the kernel knows; nobody where it does not answer.</summary>
    public static IReadOnlyList<Neighbour> List()
    {
        List<Neighbour> neighbours = [];
        int error = KernelSocket.TryOpenNetlink(out KernelSocket socket);
        using (socket)
        {
            Span<byte> request = stackalloc byte[MessageHeader + NeighbourHeader];
            request.Clear();
            MemoryMarshal.Write(request, (uint)request.Length);
            MemoryMarshal.Write(request[4..], GetNeighbour);
            MemoryMarshal.Write(request[6..], RequestDump);
            if (error != 0 || socket.Send(request) != request.Length)
            {
                return neighbours;
            }

            byte[] answer = new byte[MaxAnswer];
            for (int length = socket.Receive(answer); length > 0 && Read(answer.AsSpan(0, length), neighbours); length = socket.Receive(answer))
            {
            }
        }

        return neighbours;
    }

    private static bool Read(ReadOnlySpan<byte> answer, List<Neighbour> neighbours)
    {
        while (answer.Length >= MessageHeader)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(answer);
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]);
            if (type is Done or Error || length < MessageHeader || length > answer.Length)
            {
                return false;
            }

            if (type == NewNeighbour && length >= MessageHeader + NeighbourHeader && ReadOne(answer[MessageHeader..length]) is { } neighbour)
            {
                neighbours.Add(neighbour);
            }

            answer = answer[Math.Min(answer.Length, NetworkLink.Aligned(length))..];
        }

        return true;
    }

    private static Neighbour? ReadOne(ReadOnlySpan<byte> message)
    {
        int index = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
        ushort state = BinaryPrimitives.ReadUInt16LittleEndian(message[8..]);
        IPAddress? address = null;
        byte[]? hardware = null;
        ReadOnlySpan<byte> rest = message[NeighbourHeader..];
        while (NetworkLink.TryTake(ref rest, out ushort type, out ReadOnlySpan<byte> value))
        {
            switch (type)
            {
                case Destination when value.Length is 4 or 16:
                    address = new(value);
                    break;
                case HardwareAddress:
                    hardware = value.ToArray();
                    break;
            }
        }

        return address is null || hardware is null || (state & Nobody) != 0 ? null : new(index, address, hardware);
    }
}
