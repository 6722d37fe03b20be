using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Overview;

/// <summary>One second of the chart.</summary>
internal sealed record ChartPoint(long Time, long Requests, long Stopped);

/// <summary>What the overview is told every second.</summary>
internal sealed record Pulse(ChartPoint Point, string Rate, string Stopped, string Median, string Slow, string Dropped);

/// <summary>A verdict and how often it was given.</summary>
internal sealed record VerdictCount(string Action, long Count, double Share);

/// <summary>An address and what it asked for.</summary>
internal sealed record Talker(string Address, long Requests, long Refused);

/// <summary>What the overview shows.</summary>
internal sealed record OverviewModel(
    Pulse Now, IReadOnlyList<ChartPoint> Points, IReadOnlyList<VerdictCount> Verdicts, IReadOnlyList<VerdictCount> Statuses,
    IReadOnlyList<Talker> Talkers, IReadOnlyList<Observation> Latest, long Dropped, DateTimeOffset Time)
{
    public string PointsJson => JsonSerializer.Serialize([.. Points], ConsoleJson.Default.ChartPointArray);

    public bool Quiet => Points.All(point => point.Requests == 0);
}

/// <summary>The front page and its pulse.</summary>
internal sealed class OverviewEndpoints(SummaryHistory summaries, LiveRequests live, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    // Tiles and tables speak of this span; the chart of all that is kept.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan RateSpan = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(5);

    private const int MaxTalkers = 10;

    public void Map(IEndpointRouteBuilder members)
    {
        members.MapGet("/", (HttpContext http) => Page.Show<OverviewPage, OverviewModel>(http, Look()));
        members.MapGet("/stream/overview", (HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "no-store";
            return TypedResults.ServerSentEvents(FollowAsync(http.RequestAborted));
        });
    }

    private OverviewModel Look()
    {
        DateTimeOffset now = clock.GetUtcNow();
        IReadOnlyList<SecondSummary> recent = summaries.Since(now - Recent);
        return new(
            PulseAt(now), Points(now), Shares(recent, second => second.Verdicts), Shares(recent, second => second.Statuses),
            [.. recent.SelectMany(second => second.Talkers).GroupBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(group => new Talker(group.Key, group.Sum(pair => pair.Value.Requests), group.Sum(pair => pair.Value.Refused)))
                .OrderByDescending(talker => talker.Requests).ThenBy(talker => talker.Address, StringComparer.Ordinal).Take(MaxTalkers)],
            [.. live.Newest().Take(8)], recent.Sum(second => second.Dropped), now);
    }

    // Every second of the span, quiet ones as zero; the present one is still filling and left out.
    private List<ChartPoint> Points(DateTimeOffset now)
    {
        long last = now.ToUnixTimeSeconds() - 1, first = last - (long)SummaryHistory.Span.TotalSeconds + 1;
        Dictionary<long, SecondSummary> known = summaries.Since(DateTimeOffset.FromUnixTimeSeconds(first)).ToDictionary(second => second.Second.ToUnixTimeSeconds());
        List<ChartPoint> points = new((int)(last - first) + 1);
        for (long second = first; second <= last; second++)
        {
            points.Add(known.TryGetValue(second, out SecondSummary? summary) ? new(second, summary.Requests, summary.Stopped) : new(second, 0, 0));
        }

        return points;
    }

    private Pulse PulseAt(DateTimeOffset now)
    {
        IReadOnlyList<SecondSummary> recent = summaries.Since(now - Recent);
        DateTimeOffset whole = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() - 1);
        SecondSummary? last = recent.FirstOrDefault(second => second.Second == whole);
        double rate = recent.Where(second => second.Second > whole - RateSpan && second.Second <= whole).Sum(second => second.Requests) / RateSpan.TotalSeconds;
        long requests = recent.Sum(second => second.Requests), stopped = recent.Sum(second => second.Stopped), dropped = recent.Sum(second => second.Dropped);
        SecondSummary? busy = recent.LastOrDefault(second => second.Requests > 0);
        return new(
            new(whole.ToUnixTimeSeconds(), last?.Requests ?? 0, last?.Stopped ?? 0), Figures.Rate(rate), requests == 0 ? "–" : Figures.Share(stopped, requests),
            busy is null ? "–" : Figures.Microseconds(busy.P50), busy is null ? "–" : Figures.Microseconds(busy.P99), Figures.Count(dropped));
    }

    private async IAsyncEnumerable<SseItem<string>> FollowAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1), clock);
        DateTimeOffset end = clock.GetUtcNow() + MaxLife;
        do
        {
            yield return new SseItem<string>(JsonSerializer.Serialize(PulseAt(clock.GetUtcNow()), ConsoleJson.Default.Pulse), "pulse");
        }
        while (clock.GetUtcNow() < end && await LiveStream.TickAsync(timer, stop.Token));
    }

    private static List<VerdictCount> Shares(IReadOnlyList<SecondSummary> seconds, Func<SecondSummary, Dictionary<string, long>> counts)
    {
        List<(string Name, long Count)> sums = [.. seconds.SelectMany(second => counts(second)).GroupBy(pair => pair.Key, StringComparer.Ordinal).Select(group => (group.Key, group.Sum(pair => pair.Value)))];
        double all = Math.Max(1, sums.Sum(sum => sum.Count));
        return [.. sums.OrderByDescending(sum => sum.Count).Select(sum => new VerdictCount(sum.Name, sum.Count, sum.Count / all))];
    }
}

/// <summary>Numbers as people read them.</summary>
internal static class Figures
{
    public static string Rate(double rate) => rate >= 100 ? Count((long)Math.Round(rate)) : rate.ToString("0.#");

    public static string Count(long count) => count.ToString("#,0").Replace(',', '\u2009');

    public static string Share(long part, long whole) => (part * 100.0 / whole) is var share && share > 0 && share < 0.1 ? "< 0.1 %" : $"{share:0.#} %";

    public static string Microseconds(double value) =>
        value >= 1_000_000 ? $"{value / 1_000_000:0.##} s" : value >= 1000 ? $"{value / 1000:0.#} ms" : $"{value:0} µs";
}
