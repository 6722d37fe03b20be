using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Whorl.Kernel;
using Whorl.Native.Capture;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Packets;

/// <summary>
/// The IPv6 link-local address of a target on a link of ours. Everybody on the link is asked to say who is there; the answer is attributed by its
/// hardware address, which must be the target's, not by who answers first. A target elsewhere is not asked at all.
/// </summary>
internal sealed class Ipv6Probe : IProbe
{
    private const byte EchoRequest = 128;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    // Three seconds: the kernel asks three times itself.
    private const int LooksForTarget = 12;

    private const int LooksAfterEach = 2;

    // Three times to either of the two addresses, half a second apart.
    private const int MaxAsks = 6;

    private static readonly IPAddress AllNodes = IPAddress.Parse("ff02::1");

    public ProbeName Name => ProbeName.Ipv6;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        if (!IsOnLink(target.Address))
        {
            return ProbeResult.Of();
        }

        using Socket? echo = TryOpen();
        if (echo is null)
        {
            return ProbeFailure.NotPermitted;
        }

        if (await MeetAsync(target.Address, budget) is not { } self)
        {
            return ProbeFailure.TimedOut;
        }

        Neighbour? found = Neighbour.List().FirstOrDefault(IsOfTarget);
        for (int ask = 0; found is null && ask < MaxAsks; ask++)
        {
            // On a link whose target may be asked: the address that follows from the hardware, and everybody.
            IPAddress to = ask % 2 == 0 ? new(Eui64(self.Hardware), self.Interface) : new(AllNodes.GetAddressBytes(), self.Interface);
            using ProbeBudget.Turn turn = await budget.TakeTurnAsync(1);
            budget.AuthorizeOnLink(PeerAddress.From(to));
            await SayAsync(echo, to, budget);
            found = await LookAsync(IsOfTarget, LooksAfterEach, budget);
        }

        return found is null ? ProbeFailure.TimedOut : ProbeResult.Of(new Finding(ProbeKinds.Ipv6, Describe(found)));

        bool IsOfTarget(Neighbour each) => each.Interface == self.Interface && each.Address.IsIPv6LinkLocal && each.Hardware.AsSpan().SequenceEqual(self.Hardware);
    }

    /// <summary>The link-local address that RFC 4291, appendix A, makes of a hardware address.</summary>
    public static byte[] Eui64(ReadOnlySpan<byte> hardware) =>
        [0xFE, 0x80, 0, 0, 0, 0, 0, 0, (byte)(hardware[0] ^ 2), hardware[1], hardware[2], 0xFF, 0xFE, hardware[3], hardware[4], hardware[5]];

    // The kernel learns the target's hardware address by having to send to it.
    private static async Task<Neighbour?> MeetAsync(PeerAddress target, ProbeBudget budget)
    {
        IPAddress address = target.ToIPAddress();
        using ProbeBudget.Turn turn = await budget.TakeTurnAsync(1);
        budget.Authorize(target);
        using (Socket any = ProbeBudget.Open(target, SocketType.Dgram, ProtocolType.Udp))
        {
            budget.Ports.Bind(any);
            await any.SendToAsync(new byte[1], SocketFlags.None, new IPEndPoint(address, 9), budget.Deadline);
        }

        return await LookAsync(each => each.Address.Equals(address) && each.Hardware.Length == 6, LooksForTarget, budget);
    }

    private static async Task<Neighbour?> LookAsync(Func<Neighbour, bool> wanted, int looks, ProbeBudget budget)
    {
        Neighbour? found = null;
        for (int look = 0; found is null && look < looks; look++)
        {
            await Task.Delay(Look, budget.Deadline);
            found = Neighbour.List().FirstOrDefault(wanted);
        }

        return found;
    }

    private static Attributes Describe(Neighbour found)
    {
        byte[] bytes = found.Address.GetAddressBytes();
        string mac = Convert.ToHexStringLower(found.Hardware);
        mac = string.Join(':', Enumerable.Range(0, 6).Select(i => mac.Substring(i * 2, 2)));

        // People give small numbers; machines fill all bits.
        string kind = bytes.AsSpan().SequenceEqual(Eui64(found.Hardware)) ? "eui64" : bytes.AsSpan(8, 6).IndexOfAnyExcept((byte)0) < 0 ? "manual" : "opaque";
        return new Attributes().Text("ipv6.address", new IPAddress(bytes).ToString()).Text("ipv6.mac", mac).Text("ipv6.vendor_prefix", mac[..8]).Text("ipv6.interface_id", kind);
    }

    private static async Task SayAsync(Socket socket, IPAddress to, ProbeBudget budget)
    {
        try
        {
            await socket.SendToAsync((byte[])[EchoRequest, 0, 0, 0, 0, 1, 0, 1], SocketFlags.None, new IPEndPoint(to, 0), budget.Deadline);
        }
        catch (SocketException)
        {
            // An interface without IPv6: nobody is heard, and that is told.
        }
    }

    private static bool IsOnLink(PeerAddress target)
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(link => link.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(link => link.GetIPProperties().UnicastAddresses)
                .Any(own => own.PrefixLength > 0 && PeerAddress.From(own.Address) is var address && address.IsV4 == target.IsV4 && address != target
                    && Network.Of(address, (address.IsV4 ? 96 : 0) + own.PrefixLength).Contains(target));
        }
        catch (NetworkInformationException)
        {
            return false;
        }
    }

    private static Socket? TryOpen()
    {
        try
        {
            return new(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
