using Whorl.Fingerprints.Tcp;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Capture.Flows;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Writes what a SYN or SYN-ACK says about the stack that sent it.</summary>
internal static class StackAttributes
{
    public static void Write(ref Utf8JsonBuffer json, in StackSighting sighting, Func<int, string?>? linkOf)
    {
        TcpStack stack = sighting.Stack;
        json.Hostile("tcp.signature"u8, stack.Signature, HostileText.MaxName);
        json.Hostile("tcp.stack"u8, stack.StackSignature, HostileText.MaxName);
        if (sighting.Match is { } match)
        {
            json.Raw(",\"tcp.label\":\""u8);
            json.Raw(match.Label.IsGeneric ? "g:"u8 : "s:"u8);
            HostileText.Continue(ref json, match.Label.Class ?? "!", HostileText.MaxName);
            json.Raw(":"u8);
            HostileText.Continue(ref json, match.Label.Name, HostileText.MaxName);
            json.Raw(":"u8);
            HostileText.Continue(ref json, match.Label.Flavor, HostileText.MaxName);
            json.Raw("\",\"os.name\":\""u8);
            HostileText.Continue(ref json, match.Label.Name, HostileText.MaxName);
            if (match.Label.Flavor.Length > 0)
            {
                json.Raw(" "u8);
                HostileText.Continue(ref json, match.Label.Flavor, HostileText.MaxName);
            }

            json.Raw("\""u8);
            if (match.IsFuzzy)
            {
                json.Flag("os.fuzzy"u8);
            }
        }

        json.Number("tcp.distance"u8, sighting.Match?.Distance ?? stack.Distance);
        json.Number("tcp.ttl"u8, stack.ObservedTtl);
        json.Number("tcp.window"u8, stack.Window);
        if (stack.Mss != 0)
        {
            json.Number("tcp.mss"u8, stack.Mss);
            json.Number("tcp.mtu"u8, stack.Mtu);
            json.Hostile("tcp.link"u8, linkOf?.Invoke(stack.Mtu), HostileText.MaxName);
        }

        json.Hostile("tcp.options"u8, stack.OptionLayout, HostileText.MaxName);
    }

    /// <summary>What the stack's earlier packets told beside this one.</summary>
    public static void WriteMoving(ref Utf8JsonBuffer json, in StackSighting sighting)
    {
        switch (sighting.Isn)
        {
            case IsnClass.Constant: json.Plain("tcp.isn"u8, "constant"u8); break;
            case IsnClass.FixedStep: json.Plain("tcp.isn"u8, "fixed_step"u8); break;
            case IsnClass.CommonDivisor: json.Plain("tcp.isn"u8, "common_divisor"u8); break;
            case IsnClass.TimeBased: json.Plain("tcp.isn"u8, "time_based"u8); break;
            case IsnClass.RandomIncrements: json.Plain("tcp.isn"u8, "random_increments"u8); break;
            case IsnClass.Random: json.Plain("tcp.isn"u8, "random"u8); break;
        }

        switch (sighting.IpId)
        {
            case IpIdClass.Zero: json.Plain("tcp.ip_id"u8, "zero"u8); break;
            case IpIdClass.Constant: json.Plain("tcp.ip_id"u8, "constant"u8); break;
            case IpIdClass.Incremental: json.Plain("tcp.ip_id"u8, "incremental"u8); break;
            case IpIdClass.IncrementalSwapped: json.Plain("tcp.ip_id"u8, "incremental_swapped"u8); break;
            case IpIdClass.RandomIncrements: json.Plain("tcp.ip_id"u8, "random_increments"u8); break;
            case IpIdClass.Random: json.Plain("tcp.ip_id"u8, "random"u8); break;
        }

        if (sighting.Clock is { } clock)
        {
            json.Number("tcp.uptime_s"u8, (long)clock.Uptime.TotalSeconds);
            json.Number("tcp.uptime_modulo_s"u8, (long)clock.Modulo.TotalSeconds);
            json.Number("tcp.hertz"u8, clock.Hertz);
        }
    }
}
