using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Writes what a conversation was, and who the neighbours are.</summary>
internal static class FlowAttributes
{
    private const int NanosecondsPerMicrosecond = 1000;

    public static void Write(ref Utf8JsonBuffer json, in FlowSummary flow, TimeText times)
    {
        json.Name("flow.protocol"u8);
        switch (flow.Protocol)
        {
            case 6: json.Plain("tcp"u8); break;
            case 17: json.Plain("udp"u8); break;
            default:
                json.Raw("\""u8);
                json.Number((long)flow.Protocol);
                json.Raw("\""u8);
                break;
        }

        json.Plain("flow.close"u8, flow.Close switch
        {
            FlowClose.Finished => "finished"u8,
            FlowClose.Reset => "reset"u8,
            FlowClose.Unanswered => "unanswered"u8,
            FlowClose.Idle => "idle"u8,
            FlowClose.Evicted => "evicted"u8,
            _ => "capture_end"u8,
        });
        if (flow.Close == FlowClose.Unanswered)
        {
            // Figures would make each of a flood's SYNs a different one; how many there were the count tells.
            return;
        }

        json.Raw(",\"flow.start\":\""u8);
        times.Write(ref json, Observed.TicksOf(flow.Start));
        json.Raw("\""u8);
        json.Number("flow.duration_us"u8, Math.Max(0, flow.End - flow.Start) / NanosecondsPerMicrosecond);
        json.Number("flow.packets"u8, flow.ForwardPackets);
        json.Number("flow.bytes"u8, flow.ForwardBytes);
        json.Number("flow.packets_back"u8, flow.BackwardPackets);
        json.Number("flow.bytes_back"u8, flow.BackwardBytes);
        json.Number("flow.retransmits"u8, flow.Retransmits);
        if (flow.ForwardPackets > 1)
        {
            json.Number("flow.gap_min_us"u8, flow.GapMin / NanosecondsPerMicrosecond);
            json.Number("flow.gap_max_us"u8, flow.GapMax / NanosecondsPerMicrosecond);
            json.Number("flow.gap_mean_us"u8, Whole(flow.GapMean));
            json.Number("flow.gap_deviation_us"u8, Whole(flow.GapDeviation));
        }
    }

    public static void Write(ref Utf8JsonBuffer json, in LinkLocalSighting neighbour)
    {
        Span<byte> mac = stackalloc byte[17];
        for (int i = 0; i < 6; i++)
        {
            int part = (int)(neighbour.Mac >> (40 - (8 * i))) & 0xFF;
            mac[3 * i] = "0123456789abcdef"u8[part >> 4];
            mac[(3 * i) + 1] = "0123456789abcdef"u8[part & 15];
            if (i < 5)
            {
                mac[(3 * i) + 2] = (byte)':';
            }
        }

        json.Plain("ipv6.mac"u8, mac);
        json.Plain("ipv6.vendor_prefix"u8, mac[..8]);
        json.Plain("ipv6.interface_id"u8, neighbour.Kind switch
        {
            InterfaceIdKind.Eui64 => "eui64"u8,
            InterfaceIdKind.Manual => "manual"u8,
            _ => "opaque"u8,
        });
        if (neighbour.V4 != UInt128.Zero)
        {
            json.Address("ipv6.neighbour"u8, new(neighbour.V4));
        }
    }

    private static long Whole(double nanoseconds) => double.IsFinite(nanoseconds) ? (long)(nanoseconds / NanosecondsPerMicrosecond) : 0;
}
