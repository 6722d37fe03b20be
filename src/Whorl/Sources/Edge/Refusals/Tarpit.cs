using System.Text;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Refusals;

/// <summary>A page that comes a few bytes at a time. Bounded in number, time and bytes; beyond the number a client gets a refusal instead.</summary>
internal sealed class Tarpit(TarpitOptions options, TimeProvider clock, CancellationToken stopping)
{
    private static readonly byte[] Opening = Encoding.ASCII.GetBytes("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex,nofollow\"><title>Please wait</title></head><body>\n");

    private static readonly byte[] Piece = Encoding.ASCII.GetBytes("<p>Please wait.</p>\n");

    private int _inside;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _inside) <= options.Concurrent)
        {
            return true;
        }

        Interlocked.Decrement(ref _inside);
        return false;
    }

    /// <summary>Serves the page; the place taken by <see cref="TryEnter"/> is given back at its end.</summary>
    public async ValueTask ServeAsync(Exchange exchange)
    {
        try
        {
            exchange.Start(
                new(200, "text/html; charset=utf-8", default)
                {
                    Fields =
                    [
                        KeyValuePair.Create("Cache-Control", "no-store"),
                        KeyValuePair.Create("X-Robots-Tag", "noindex, nofollow"),
                        KeyValuePair.Create("X-Whorl-Reference", exchange.Reference.ToString()),
                    ],
                },
                -1);
            await DripAsync(exchange);
            await exchange.CompleteAsync();
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    private async ValueTask DripAsync(Exchange exchange)
    {
        if (exchange.Facts.Method == "HEAD")
        {
            return;
        }

        long start = clock.GetTimestamp();
        exchange.Write(Opening);
        while (await exchange.FlushAsync() && exchange.ResponseBytes < options.Bytes && clock.GetElapsedTime(start) < options.Duration && !stopping.IsCancellationRequested)
        {
            await Task.Delay(options.Interval, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            exchange.Write(Piece);
        }
    }
}
