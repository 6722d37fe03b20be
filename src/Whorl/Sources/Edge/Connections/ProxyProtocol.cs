using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Edge.Connections;

/// <summary>Reads and consumes the PROXY protocol header that a trusted proxy sends before anything else.</summary>
internal static class ProxyProtocol
{
    /// <summary>False where the header is missing, malformed or late.</summary>
    public static async Task<bool> ReadAsync(ConnectionContext connection, ConnectionFacts facts, TimeSpan deadline, TimeProvider clock)
    {
        PipeReader input = connection.Transport.Input;
        using CancellationTokenSource late = new(deadline, clock);
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(late.Token);
                ParseStatus status = Parse(read.Buffer, out ProxyHeader header, out int consumed);
                input.AdvanceTo(read.Buffer.GetPosition(consumed), status == ParseStatus.NeedMore ? read.Buffer.End : read.Buffer.GetPosition(consumed));
                if (status == ParseStatus.Done)
                {
                    if (header.Source is { } source)
                    {
                        facts.Peer = source;
                        facts.PeerPort = header.SourcePort;

                        // TCP-level proxying leaves TLS and HTTP/2 to the client itself: only the SYN was the proxy's.
                        facts.FromTrustedProxy = false;
                    }

                    return true;
                }

                if (status == ParseStatus.Malformed || read.IsCompleted)
                {
                    return false;
                }
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private static ParseStatus Parse(in ReadOnlySequence<byte> buffer, out ProxyHeader header, out int consumed)
    {
        if (buffer.IsSingleSegment)
        {
            return ProxyHeader.TryParse(buffer.FirstSpan, out header, out consumed);
        }

        Span<byte> copy = stackalloc byte[ProxyHeader.MaxLength];
        int length = (int)Math.Min(buffer.Length, copy.Length);
        buffer.Slice(0, length).CopyTo(copy);
        return ProxyHeader.TryParse(copy[..length], out header, out consumed);
    }
}
