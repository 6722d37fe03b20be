using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Whorl.Kernel.Outbound;

namespace Whorl.Sources.Probes.Asking;

/// <summary>An ask that is over.</summary>
/// <param name="Sent">Connections begun and packets sent for it.</param>
/// <param name="Elapsed">Time it spent on the wire.</param>
internal sealed record Answered(ProbeName Name, ProbeTarget Target, ProbeResult Result, int Sent, TimeSpan Elapsed);

/// <summary>Lets a probe ask a target, and turns whatever goes wrong with the peer into a reason.</summary>
internal sealed class Asker(ProbeLimits limits, OutboundGuard guard, SourcePorts ports, TimeSpan timeout, long maxBytes, TimeProvider clock)
{
    public async Task<Answered> AskAsync(IProbe probe, ProbeTarget target, TargetLimits budget, CancellationToken cancel)
    {
        OutboundVerdict verdict = guard.Check(target.Address);
        if (!verdict.Allowed)
        {
            return new(probe.Name, target, ProbeResult.Failed(ProbeFailure.Forbidden, verdict.Why()), 0, TimeSpan.Zero);
        }

        using ProbeBudget spending = new(limits, budget, guard, ports, timeout, maxBytes, clock, cancel);
        ProbeResult result;
        try
        {
            result = await probe.AskAsync(target, spending, cancel);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            result = ProbeFailure.TimedOut;
        }
        catch (Exception fault) when (FailureOf(fault) is not null)
        {
            cancel.ThrowIfCancellationRequested();
            result = ProbeResult.Failed(FailureOf(fault)!.Value, fault is OutboundRefusedException ? fault.Message : null);
        }

        if (result.Failure is not null && spending.Exceeded)
        {
            result = ProbeFailure.TooLarge;
        }

        return new(probe.Name, target, result, spending.Sent, spending.Spent);
    }

    /// <summary>What a fault of a connection means; null where it is a fault of ours.</summary>
    public static ProbeFailure? FailureOf(Exception fault) => fault switch
    {
        OutboundRefusedException => ProbeFailure.Forbidden,
        SocketException socket => Of(socket.SocketErrorCode),
        IOException { InnerException: SocketException socket } => Of(socket.SocketErrorCode),
        IOException => ProbeFailure.ClosedEarly,
        AuthenticationException or CryptographicException => ProbeFailure.NotThisProtocol,
        _ => null,
    };

    private static ProbeFailure Of(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => ProbeFailure.Refused,
        SocketError.TimedOut or SocketError.OperationAborted => ProbeFailure.TimedOut,
        SocketError.AccessDenied => ProbeFailure.NotPermitted,
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.NotConnected or SocketError.NetworkReset => ProbeFailure.ClosedEarly,

        // The last two are what Linux makes of ICMP errors that speak of protocols and routes.
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.ProtocolOption or SocketError.OperationNotSupported => ProbeFailure.Unreachable,

        // Out of descriptors, buffers or ports: whoever was asked has nothing to do with it.
        _ => ProbeFailure.Local,
    };
}
