using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Whorl.Analysis.Filters;
using Whorl.Delivery.WebConsole.Parts;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Requests;

/// <summary>New requests as server-sent events: rendered rows a few times a second, and how many were left out.</summary>
internal sealed class LiveStream(LiveRequests live, TimeProvider clock, IServiceProvider services, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    // A page of rows a beat is more than eyes follow; the rest is counted.
    private const int MaxRowsPerBeat = 25;

    // Then the browser asks again, and its session is looked at again.
    private static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(5);

    public IResult Requests(HttpContext http, string? q)
    {
        if (!Filter.TryParse(q, out Filter? filter, out _))
        {
            return TypedResults.BadRequest();
        }

        LiveRequests.Watcher? watcher = live.Watch();
        if (watcher is null)
        {
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        http.Response.RegisterForDispose(watcher);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.ServerSentEvents(FollowAsync(watcher, filter!, q ?? "", http.RequestAborted));
    }

    private async IAsyncEnumerable<SseItem<string>> FollowAsync(LiveRequests.Watcher watcher, Filter filter, string query, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
        await using HtmlRenderer renderer = new(services, loggers);
        using PeriodicTimer timer = new(Beat, clock);
        DateTimeOffset end = clock.GetUtcNow() + MaxLife;
        yield return new SseItem<string>("0", "hello");
        while (clock.GetUtcNow() < end && await TickAsync(timer, stop.Token))
        {
            (List<Observation> fresh, long skipped) = watcher.Take();
            List<Observation> matching = fresh.FindAll(filter.Matches);
            long left = Math.Max(0, matching.Count - MaxRowsPerBeat);
            if (matching.Count > 0)
            {
                yield return new SseItem<string>(await RenderAsync(renderer, [.. matching.TakeLast(MaxRowsPerBeat)], query), "rows");
            }

            if (left + skipped > 0)
            {
                yield return new SseItem<string>((left + skipped).ToString(), "skipped");
            }
        }
    }

    private async Task<string> RenderAsync(HtmlRenderer renderer, List<Observation> rows, string query)
    {
        DateTimeOffset now = clock.GetUtcNow();
        StringBuilder html = new();
        for (int i = rows.Count - 1; i >= 0; i--)
        {
            Observation row = rows[i];
            ParameterView parameters = ParameterView.FromDictionary(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(RequestRow.Id)] = row.Id.ToString(),
                [nameof(RequestRow.Time)] = row.Time,
                [nameof(RequestRow.Facts)] = row.Attributes,
                [nameof(RequestRow.Query)] = query,
                [nameof(RequestRow.Now)] = now,
            });
            html.Append(await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<RequestRow>(parameters)).ToHtmlString()));
        }

        return html.ToString();
    }

    /// <summary>Waits for the next beat; false when the browser or the process has gone.</summary>
    public static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken cancel)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
