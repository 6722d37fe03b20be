using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Whorl.Kernel;

namespace Whorl.Sources.Probes.Asking;

/// <summary>
/// Gives sockets a source port out of <c>Node:ProbePorts</c>, so that the capture of this node knows them. The kernel's own option for it
/// (IP_LOCAL_PORT_RANGE) can only narrow the range that Linux gives to others, and ours stands above that.
/// </summary>
internal sealed class SourcePorts
{
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2;

    private readonly PortRange? _range;

    public SourcePorts(string range) => _range = PortRange.TryParse(range, out PortRange parsed) ? parsed : null;

    /// <summary>How often another port is tried where one is taken; with 4,000 ports and a thousand connections to one host one try in four meets a taken one.</summary>
    public const int MaxTries = 16;

    /// <summary>The range; null where any port will do.</summary>
    public PortRange? Range => _range;

    /// <summary>A port of the range, or one that Linux would give to others; for packets of our own, where a port that nobody can guess is part of what tells the answer.</summary>
    public ushort Next()
    {
        PortRange range = _range ?? new(32_768, 60_999);
        return (ushort)RandomNumberGenerator.GetInt32(range.First, range.Last + 1);
    }

    /// <summary>Binds a socket to a port of the range; one port serves any number of connections to different hosts.</summary>
    public void Bind(Socket socket)
    {
        if (_range is not { } range)
        {
            return;
        }

        // .NET's own option would also share the port with listeners (SO_REUSEPORT).
        int on = 1;
        socket.SetRawSocketOption(SocketLevel, ReuseAddress, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in on)));
        IPAddress any = socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        for (int tries = 1; ; tries++)
        {
            try
            {
                socket.Bind(new IPEndPoint(any, Random.Shared.Next(range.First, range.Last + 1)));
                return;
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse && tries < MaxTries)
            {
                // Something listens there.
            }
        }
    }

    /// <summary>Whether connecting failed because this very pair of ports is in use, so that another may do.</summary>
    public bool IsTaken(SocketException fault) => _range is not null && fault.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse;
}
