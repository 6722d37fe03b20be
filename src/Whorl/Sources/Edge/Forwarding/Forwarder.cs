using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Routing;

namespace Whorl.Sources.Edge.Forwarding;

/// <summary>How carrying a request to its upstream ended.</summary>
internal enum ForwardResult
{
    Done,

    /// <summary>No connection could be made, or it broke before an answer.</summary>
    Unreachable,

    /// <summary>Nothing, or not enough, came in time.</summary>
    TimedOut,

    /// <summary>What came is no answer that can be passed on safely.</summary>
    BadAnswer,

    /// <summary>The client went away.</summary>
    ClientGone,

    /// <summary>The client's body was too slow, too long or wrongly framed.</summary>
    BadBody,
}

/// <summary>
/// Carries plain HTTP/1.1 exchanges over pooled raw connections. Streams both ways without storing bodies; every wait has a deadline; a client that
/// goes away takes its upstream connection with it; a connection is used again only after a clean end.
/// </summary>
internal sealed class Forwarder(UpstreamHealth health)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ForwardResult> ForwardAsync(Exchange exchange)
    {
        Site site = exchange.Site!;
        Upstream upstream = site.Balancer.Pick();
        bool renewed = false, elsewhere = false;
        while (true)
        {
            exchange.Upstream = upstream;
            upstream.Enter();
            UpstreamConnection? connection = renewed ? null : upstream.Pool.TryTake();
            ForwardResult result;
            try
            {
                connection ??= await upstream.Pool.ConnectAsync();
                if (Prepare(exchange, upstream, connection, out int head))
                {
                    await connection.SendAsync(connection.Request.AsMemory(0, head));
                    result = exchange.RequestBody == BodyFraming.None
                        ? await AnswerAsync(exchange, connection, site.Options)
                        : await CarryWithBodyAsync(exchange, connection, site.Options);
                }
                else
                {
                    result = ForwardResult.ClientGone;
                }
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                result = exchange.ClientGone ? ForwardResult.ClientGone
                    : connection is { Deadline.Expired: true } || fault is OperationCanceledException ? ForwardResult.TimedOut
                    : ForwardResult.Unreachable;
            }

            upstream.Leave();
            bool attached = exchange.Detach();
            if (result == ForwardResult.Done && attached && connection is { EndedCleanly: true, IsDead: false })
            {
                upstream.Pool.Return(connection);
            }
            else
            {
                connection?.Dispose();
            }

            if (result is ForwardResult.Done or ForwardResult.ClientGone or ForwardResult.BadBody)
            {
                return result;
            }

            // A pooled connection that broke before any byte may just have been closed meanwhile: that says nothing about the upstream.
            bool unanswered = connection is { Answered: false } && result == ForwardResult.Unreachable;
            bool stale = unanswered && connection!.Used;
            if (!stale)
            {
                health.Failed(site, upstream);
            }

            // After an old connection comes a new one, which cannot be stale; after that one other upstream.
            bool mayMove = stale || (!elsewhere && site.Upstreams.Length > 1);
            if (!mayMove || exchange.ResponseStarted || !(connection is null || (unanswered && IsHarmlessTwice(exchange))))
            {
                return result;
            }

            renewed = stale;
            if (!stale)
            {
                elsewhere = true;
                upstream = site.Balancer.Pick(not: upstream);
            }
        }
    }

    /// <summary>Where nothing was sent anything may be tried again; where something was, and nothing came back, only this (RFC 9110 §9.2.2).</summary>
    private static bool IsHarmlessTwice(Exchange exchange) => exchange.RequestBody == BodyFraming.None && exchange.Facts.Method is "GET" or "HEAD" or "OPTIONS";

    /// <summary>Writes the request's head into the connection's buffer; false where the client is gone already.</summary>
    private static bool Prepare(Exchange exchange, Upstream upstream, UpstreamConnection connection, out int length)
    {
        connection.BeginExchange();
        HeadWriter head = new(connection.Request);
        exchange.WriteRequest(ref head, upstream.HostHeaderBytes);
        connection.Request = head.Buffer;
        length = head.Length;
        connection.Deadline.Set(exchange.Site!.Options.AnswerTime);
        return exchange.Attach(connection);
    }

    /// <summary>The answer may come before the body is through (a refusal, an echo), so both run at once.</summary>
    private static async ValueTask<ForwardResult> CarryWithBodyAsync(Exchange exchange, UpstreamConnection connection, SiteOptions site)
    {
        Task<BodyRead> pump = PumpAsync(exchange, connection, site);
        ForwardResult result;
        try
        {
            result = await AnswerAsync(exchange, connection, site);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            result = connection.Deadline.Expired ? ForwardResult.TimedOut : ForwardResult.Unreachable;
        }

        bool through = pump.IsCompleted;
        if (!through)
        {
            connection.Kill();
            exchange.CancelBody();
        }

        BodyRead body = await pump;
        return result == ForwardResult.Done || exchange.ClientGone ? result
            : through && body == BodyRead.Failed ? ForwardResult.BadBody
            : result;
    }

    private static async Task<BodyRead> PumpAsync(Exchange exchange, UpstreamConnection connection, SiteOptions site)
    {
        try
        {
            BodyRead read = BodyRead.Piece;
            while (read == BodyRead.Piece)
            {
                read = await exchange.PumpBodyAsync(connection);
                connection.Deadline.Set(site.AnswerTime);
            }

            if (read == BodyRead.Failed)
            {
                connection.Kill();
            }

            return read;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The receiving side sees the same fault and tells what it means.
            return BodyRead.Piece;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ForwardResult> AnswerAsync(Exchange exchange, UpstreamConnection connection, SiteOptions site)
    {
        bool answersHead = exchange.Facts.Method == "HEAD";
        ParseStatus status = ParseStatus.NeedMore;
        while (status == ParseStatus.NeedMore)
        {
            int count = await connection.ReceiveAsync();
            if (count == 0)
            {
                return connection.Answered ? ForwardResult.BadAnswer : ForwardResult.Unreachable;
            }

            connection.Received(count);
            status = connection.ReadHead(answersHead);
        }

        if (status == ParseStatus.Malformed)
        {
            return ForwardResult.BadAnswer;
        }

        exchange.Start(connection.Head, connection.HeadBlock, connection.Framing, connection.Buffered);
        while (true)
        {
            switch (connection.NextBody(out ReadOnlySpan<byte> piece))
            {
                case BodyStep.Data:
                    exchange.Write(piece);
                    break;
                case BodyStep.Malformed:
                    return ForwardResult.BadAnswer;
                case BodyStep.End:
                    connection.Deadline.Clear();
                    await exchange.CompleteAsync();
                    return ForwardResult.Done;
                default:
                    // A head alone waits for the body it announces; everything else goes out before the next wait, so that events arrive at once.
                    if (connection.Framing != BodyFraming.Length || exchange.ResponseBytes > 0)
                    {
                        connection.Deadline.Clear();
                        if (!await exchange.FlushAsync())
                        {
                            return ForwardResult.ClientGone;
                        }
                    }

                    connection.Deadline.Set(site.IdleTime);
                    int count = await connection.ReceiveAsync();
                    if (count == 0)
                    {
                        if (!connection.EndsWithClose)
                        {
                            return ForwardResult.BadAnswer;
                        }

                        connection.Deadline.Clear();
                        await exchange.CompleteAsync();
                        return ForwardResult.Done;
                    }

                    connection.Received(count);
                    break;
            }
        }
    }
}
