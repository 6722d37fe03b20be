using System.Runtime.CompilerServices;

namespace Whorl.Fingerprints.Packets;

/// <summary>Walks from the link header inwards, one layer a step.</summary>
internal static class PacketDecoder
{
    // Provider networks stack up to about ten (tags, labels, a tunnel and its own tags); more is an attack or a bug.
    private const int MaxLayers = 24;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PacketStatus Decode(LinkType link, ReadOnlySpan<byte> frame, out Packet packet)
    {
        ReadOnlySpan<byte> rest = frame;
        IpLayout layout = default;
        Layer layer = LinkLayers.Enter(link, ref rest);
        packet = default;

        // When what looked like a tunnel holds no IP packet, the packet around it is the answer.
        PacketStatus outer = PacketStatus.Malformed;
        for (int depth = 0; depth < MaxLayers; depth++)
        {
            PacketStatus failure;
            switch (layer)
            {
                case Layer.Ipv4 or Layer.Ipv6:
                    ReadOnlySpan<byte> ip = rest;
                    PacketStatus status = layer == Layer.Ipv4 ? IpHeaders.ReadIpv4(ref ip, ref layout) : IpHeaders.ReadIpv6(ref ip, ref layout);
                    if (status == PacketStatus.Done)
                    {
                        status = IpHeaders.ReadTransport(ip, ref layout);
                    }

                    if (status is not (PacketStatus.Done or PacketStatus.Fragment))
                    {
                        failure = status;
                        break;
                    }

                    packet = new Packet(ip, layout);
                    if (status == PacketStatus.Fragment)
                    {
                        return status;
                    }

                    outer = PacketStatus.Done;
                    rest = ip;
                    layer = Tunnels.Enter(ref rest, ref layout);
                    if (layer == Layer.None)
                    {
                        return PacketStatus.Done;
                    }

                    continue;
                case Layer.Truncated:
                    failure = PacketStatus.Truncated;
                    break;
                case Layer.UnknownLink:
                    return PacketStatus.UnknownLink;
                case Layer.None:
                    failure = PacketStatus.NotIp;
                    break;
                default:
                    layer = LinkLayers.Step(layer, ref rest, ref layout);
                    continue;
            }

            return outer == PacketStatus.Done ? outer : failure;
        }

        return outer;
    }
}
