using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Whorl.Kernel;
using Whorl.Native.Sockets;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>
/// Which errors a host sends for packets that it cannot take, and how much of them it quotes: a datagram to a closed port, a large one that may not be
/// torn apart, an option and a protocol that nobody knows. What our own kernel refuses to send is left out.
/// </summary>
internal sealed class IcmpProbe(Lazy<IcmpExchange?> exchange) : IProbe
{
    private const byte Udp = 17;

    // For experiments (RFC 3692): nobody speaks it.
    private const byte UnknownProtocol = 253;

    // Where traceroute has always sent: nothing listens there.
    private const int FirstPort = 33_434;
    private const int LastPort = 33_534;

    private const int SmallLength = 32;

    // An Ethernet frame's worth: hosts quote more of it or less.
    private const int LargeLength = 1500;

    private const int IpLevel = 0;
    private const int Ipv6Level = 41;
    private const int IpOptions = 4;
    private const int IpMtuDiscover = 10;
    private const int Ipv6MtuDiscover = 23;
    private const int Ipv6DestinationOptions = 59;
    private const int AlwaysWhole = 3;

    // Errors come at once, or never; a second is twice around the world.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private static readonly byte[] BadOptionV4 = [0x91, 4, 0, 0];

    // Next header (filled in by the kernel), length 0, and an option that must be answered where it is unknown (RFC 8200 §4.2).
    private static readonly byte[] BadOptionV6 = [0, 0, 0x80, 4, 0, 0, 0, 0];

    public ProbeName Name => ProbeName.Icmp;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        if (exchange.Value is not { } packets)
        {
            return ProbeFailure.NotPermitted;
        }

        PeerAddress peer = target.Address;
        int overhead = peer.IsV4 ? 28 : 48;
        Func<Task<string?>>[] provocations =
        [
            () => DatagramAsync("closed_port", packets, peer, budget, SmallLength, _ => { }),
            () => DatagramAsync("no_fragment", packets, peer, budget, LargeLength - overhead, socket => Set(socket, peer.IsV4 ? IpLevel : Ipv6Level, peer.IsV4 ? IpMtuDiscover : Ipv6MtuDiscover, BitConverter.GetBytes(AlwaysWhole))),
            () => DatagramAsync("bad_option", packets, peer, budget, SmallLength, socket => Set(socket, peer.IsV4 ? IpLevel : Ipv6Level, peer.IsV4 ? IpOptions : Ipv6DestinationOptions, peer.IsV4 ? BadOptionV4 : BadOptionV6)),
            () => UnknownAsync(packets, peer, budget),
        ];
        List<string?> words = [];
        foreach (Func<Task<string?>>[] some in provocations.Chunk(Math.Min(provocations.Length, budget.MaxTurn)))
        {
            using ProbeBudget.Turn turn = await budget.TakeTurnAsync(some.Length);
            words.AddRange(await Task.WhenAll(some.Select(provoke => provoke())));
        }

        string text = string.Join(',', words.OfType<string>());
        return text.Length == 0 ? ProbeFailure.NotPermitted
            : words.All(word => word is null || word.EndsWith("=none", StringComparison.Ordinal)) ? ProbeFailure.TimedOut
            : ProbeResult.Of(new Finding(ProbeKinds.Icmp, new Attributes().Text("icmp.errors", text).Text("icmp.errors_hash", Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..32])));
    }

    private static void Set(Socket socket, int level, int name, byte[] value) => socket.SetRawSocketOption(level, name, value);

    // Without it one word less would be told, as if the host had changed.
    private static bool IsShortage(SocketException fault) =>
        fault.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable;

    private static async Task<string?> DatagramAsync(string word, IcmpExchange packets, PeerAddress peer, ProbeBudget budget, int length, Action<Socket> prepare)
    {
        try
        {
            using Socket socket = ProbeBudget.Open(peer, SocketType.Dgram, ProtocolType.Udp);
            budget.Ports.Bind(socket);
            if (budget.Ports.Range is null)
            {
                socket.Bind(new IPEndPoint(peer.IsV4 ? IPAddress.Any : IPAddress.IPv6Any, 0));
            }

            prepare(socket);
            IPEndPoint to = new(peer.ToIPAddress(), RandomNumberGenerator.GetInt32(FirstPort, LastPort + 1));
            return await ProvokeAsync(word, packets, peer, Udp, (ushort)((IPEndPoint)socket.LocalEndPoint!).Port, socket, to, length, budget);
        }
        catch (SocketException fault) when (!IsShortage(fault))
        {
            return null; // our own kernel, or a link with a smaller frame, does not let it out
        }
    }

    private static async Task<string?> UnknownAsync(IcmpExchange packets, PeerAddress peer, ProbeBudget budget)
    {
        try
        {
            using Socket socket = RawProtocol.Open(peer.IsV4, UnknownProtocol);
            return await ProvokeAsync("next_header", packets, peer, UnknownProtocol, 0, socket, new(peer.ToIPAddress(), 0), SmallLength, budget);
        }
        catch (SocketException fault) when (!IsShortage(fault))
        {
            return null;
        }
    }

    private static async Task<string> ProvokeAsync(string word, IcmpExchange packets, PeerAddress peer, byte protocol, ushort port, Socket socket, IPEndPoint to, int length, ProbeBudget budget)
    {
        Task<IcmpError> answer = packets.Expect(peer, protocol, port);
        try
        {
            budget.Authorize(peer);
            await socket.SendToAsync(new byte[length], SocketFlags.None, to, budget.Deadline);
            IcmpError error = await answer.WaitAsync(Patience, budget.Deadline);
            return $"{word}={error.Type}/{error.Code}/{error.Quoted}";
        }
        catch (TimeoutException)
        {
            return word + "=none";
        }
        finally
        {
            packets.Forget(peer, protocol, port);
        }
    }
}
