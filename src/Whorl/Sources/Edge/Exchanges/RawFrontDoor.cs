using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Edge.Connections;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>
/// The last connection step before Kestrel's HTTP: reads plain HTTP/1.1 requests itself and hands the connection to Kestrel, for good, at the first
/// request that is anything else (HTTP/2, a protocol switch, CONNECT, Expect, a site whose upstream speaks HTTP/2 or TLS).
/// </summary>
internal sealed class RawFrontDoor(Gate gate, SiteTable sites, TrustedProxies trusted, EdgeLimits limits, Deadlines deadlines)
{
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        ITlsHandshakeFeature? tls = context.Features.Get<ITlsHandshakeFeature>();
        ClientConnection client = new(context, trusted, tls is not null);
        context.Features.Set(client);
        bool http2 = context.Features.Get<ISslStreamFeature>() is { } ssl && ssl.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;
        if (http2)
        {
            await AfterClose.EndAsync(next(context), deadlines.Clock, context.ConnectionClosed);
        }
        else if (await ReadAsync(context, client))
        {
            await next(context);
        }
    }

    private async ValueTask<bool> ReadAsync(ConnectionContext context, ClientConnection client)
    {
        using Deadline deadline = deadlines.Add(() => context.Abort());
        RawExchange exchange = new(context, client, limits, deadline);
        CancellationToken stopping = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using CancellationTokenRegistration gone = context.ConnectionClosed.UnsafeRegister(static state => ((RawExchange)state!).ClientWent(), exchange);
        using CancellationTokenRegistration stop = stopping.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), context.Transport.Input);
        try
        {
            return await ServeAsync(context, exchange, deadline, stopping);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The client is gone; what it was asking for is recorded by the gate.
            return false;
        }
    }

    /// <summary>Serves requests until the connection ends; true where Kestrel must go on with it.</summary>
    private async ValueTask<bool> ServeAsync(ConnectionContext context, RawExchange exchange, Deadline deadline, CancellationToken stopping)
    {
        PipeReader input = context.Transport.Input;
        bool begun = false;
        deadline.Set(limits.HeaderTime);
        exchange.Head.Reset();
        while (true)
        {
            ReadResult read = await input.ReadAsync(CancellationToken.None);
            if (read.IsCanceled && stopping.IsCancellationRequested && !begun)
            {
                input.AdvanceTo(read.Buffer.Start);
                return false;
            }

            ParseStatus status = Read(exchange, read.Buffer, out bool toKestrel);
            if (toKestrel)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
                return true;
            }

            if (status == ParseStatus.NeedMore)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted)
                {
                    return false;
                }

                // The time for a header runs from its first byte, and more bytes do not lengthen it.
                if (!begun && read.Buffer.Length > 0)
                {
                    begun = true;
                    deadline.Set(limits.HeaderTime);
                }

                continue;
            }

            deadline.Clear();
            if (status == ParseStatus.Malformed)
            {
                input.AdvanceTo(read.Buffer.End);
                await gate.RefuseAsync(exchange, exchange.Head.Fault);
                return false;
            }

            input.AdvanceTo(read.Buffer.GetPosition(exchange.Head.Length));
            await gate.ServeAsync(exchange);
            if (!exchange.Persists || exchange.ClientGone || stopping.IsCancellationRequested || !await exchange.DrainAsync())
            {
                return false;
            }

            begun = false;
            exchange.Head.Reset();
            deadline.Set(limits.KeepAliveTime);
        }
    }

    private ParseStatus Read(RawExchange exchange, in ReadOnlySequence<byte> buffer, out bool toKestrel)
    {
        toKestrel = false;
        if (buffer.IsEmpty)
        {
            return ParseStatus.NeedMore;
        }

        ReadOnlySpan<byte> bytes = buffer.FirstSpan;
        byte[]? joined = null;
        if (!buffer.IsSingleSegment)
        {
            int length = (int)Math.Min(buffer.Length, limits.HeaderBytes + 1);
            joined = ArrayPool<byte>.Shared.Rent(length);
            buffer.Slice(0, length).CopyTo(joined);
            bytes = joined.AsSpan(0, length);
        }

        if (bytes.StartsWith("PRI * HTTP/2.0"u8))
        {
            toKestrel = true;
            return ParseStatus.Done;
        }

        ParseStatus status = exchange.Head.Read(bytes, exchange.Block, limits.HeaderBytes, limits.HeaderCount);
        if (status == ParseStatus.Done)
        {
            toKestrel = IsForKestrel(exchange.Head, bytes);
            if (!toKestrel)
            {
                exchange.Begin(bytes[..exchange.Head.Length]);
                exchange.Site = sites.Find(exchange.Facts.Host, exchange.Facts.Path);
                toKestrel = exchange.Site is { IsPlain: false };
            }
        }
        else if (status == ParseStatus.Malformed)
        {
            exchange.BeginRefused(bytes);
        }

        if (joined is not null)
        {
            ArrayPool<byte>.Shared.Return(joined);
        }

        return status;
    }

    private static bool IsForKestrel(RequestHead head, ReadOnlySpan<byte> bytes) =>
        head.Headers.HasUpgrade || head.Headers.HasExpect || bytes[head.TargetStart] != '/' || bytes.Slice(head.MethodStart, head.MethodLength).SequenceEqual("CONNECT"u8);
}
