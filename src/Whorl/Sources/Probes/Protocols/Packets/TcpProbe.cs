using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Tcp;
using Whorl.Kernel;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>The TCP/IP stack that answers a SYN; where raw packets are not permitted, what the kernel tells of a connection.</summary>
/// <param name="exchange">Gives null where raw packets are not permitted.</param>
/// <param name="signatures">p0f's, where the system has them.</param>
internal sealed class TcpProbe(Lazy<SynExchange?> exchange, Lazy<P0fSignatures?> signatures) : IProbe
{
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;

    public ProbeName Name => ProbeName.Tcp;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        using ProbeBudget.Turn turn = await budget.TakeTurnAsync(1);
        Attributes attributes = exchange.Value is { } packets ? await SendAsync(target, budget, packets) : await ConnectAsync(target, budget);
        return ProbeResult.Of(new Finding(ProbeKinds.Tcp, attributes));
    }

    /// <summary>Fingerprint of a stack without anything of the path or the moment in it.</summary>
    public static string HashOf(TcpStack stack) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(stack.StackSignature)))[..32];

    private async Task<Attributes> SendAsync(ProbeTarget target, ProbeBudget budget, SynExchange packets)
    {
        SynAnswer answer = await packets.AskAsync(target.Address, target.Port, budget);
        Attributes attributes = new Attributes().Text("probe.method", "raw").Text("tcp.state", answer.Stack is null ? "closed" : "open");
        return answer.Stack is null ? attributes.Number("tcp.ttl", answer.Ttl) : Describe(attributes, answer.Stack);
    }

    private Attributes Describe(Attributes attributes, TcpStack stack)
    {
        P0fMatch? match = signatures.Value?.Match(stack);
        attributes.Text("tcp.stack_hash", HashOf(stack)).Text("tcp.signature", stack.Signature).Text("tcp.stack", stack.StackSignature);
        if (match is not null)
        {
            attributes
                .Text("tcp.label", $"{(match.Label.IsGeneric ? "g" : "s")}:{match.Label.Class ?? "!"}:{match.Label.Name}:{match.Label.Flavor}")
                .Text("os.name", match.Label.ToString())
                .Flag("os.fuzzy", match.IsFuzzy);
        }

        attributes.Number("tcp.distance", match?.Distance ?? stack.Distance).Number("tcp.ttl", stack.ObservedTtl).Number("tcp.window", stack.Window);
        if (stack.Mss != 0)
        {
            attributes.Number("tcp.mss", stack.Mss).Number("tcp.mtu", stack.Mtu).Text("tcp.link", signatures.Value?.LinkOf(stack.Mtu));
        }

        return attributes.Text("tcp.options", stack.OptionLayout);
    }

    private static async Task<Attributes> ConnectAsync(ProbeTarget target, ProbeBudget budget)
    {
        Attributes attributes = new Attributes().Text("probe.method", "connect");
        try
        {
            using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
            attributes.Text("tcp.state", "open");

            // struct tcp_info: byte 5 has the options that both sides use, byte 6 the peer's window scale in its lower half, byte 16 the segment size.
            Span<byte> info = stackalloc byte[24];
            if (connection.Socket.GetRawSocketOption(TcpLevel, TcpInfo, info) < info.Length)
            {
                return attributes;
            }

            (bool times, bool sack, bool scale) = ((info[5] & 1) != 0, (info[5] & 2) != 0, (info[5] & 4) != 0);
            attributes.Number("tcp.mss", BinaryPrimitives.ReadUInt32LittleEndian(info[16..]) + (times ? 12u : 0));
            if (scale)
            {
                attributes.Number("tcp.window_scale", info[6] & 0x0F);
            }

            string[] options = ["mss", .. sack ? ["sok"] : Array.Empty<string>(), .. times ? ["ts"] : Array.Empty<string>(), .. scale ? ["ws"] : Array.Empty<string>()];
            return attributes.Text("tcp.options", string.Join(',', options));
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return attributes.Text("tcp.state", "closed");
        }
    }
}
