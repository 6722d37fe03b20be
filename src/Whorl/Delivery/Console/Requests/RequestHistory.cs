using Whorl.Analysis.Explanations;
using Whorl.Analysis.Filters;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Requests;

/// <summary>Requests from memory and from the journal, as one list: the newest may not be committed yet, the oldest are no longer in memory.</summary>
internal sealed class RequestHistory(LiveRequests live)
{
    public const int PageSize = 50;

    private const int MaxRelated = 8;

    /// <summary>Matches, newest first, older than <paramref name="before"/> where that is given.</summary>
    public Task<IReadOnlyList<Observation>> SearchAsync(Filter filter, ObservationId? before, DateTimeOffset? from, DateTimeOffset? to, int limit, CancellationToken cancel)
    {
        List<Observation> found = [];
        foreach (Observation observation in live.Newest())
        {
            if (found.Count >= limit)
            {
                break;
            }

            if ((before is not { } bound || Older(observation.Id, bound)) && (from is null || observation.Time >= from) && (to is null || observation.Time < to) && filter.Matches(observation))
            {
                found.Add(observation);
            }
        }

        return Task.FromResult<IReadOnlyList<Observation>>(found);
    }

    public Task<Observation?> FindAsync(ObservationId id, CancellationToken cancel) =>
        Task.FromResult(live.Newest().FirstOrDefault(observation => observation.Id == id));

    /// <summary>Explains one observation; null where it is not known (any more).</summary>
    public async Task<Explanation?> ExplainAsync(ObservationId id, CancellationToken cancel)
    {
        if (await FindAsync(id, cancel) is not { } observation)
        {
            return null;
        }

        List<RelatedRequest> related = [];
        foreach (string field in (string[])["client.ip", "tls.ja4"])
        {
            if (Explainer.Text(observation.Attributes, field) is { } value && Filter.TryParse($"{field}: {Filter.Quote(value)}", out Filter? same, out _))
            {
                IReadOnlyList<Observation> others = await SearchAsync(same!, null, null, null, MaxRelated + 1, cancel);
                related.AddRange(others.Where(other => other.Id != id && !related.Exists(known => known.Id == other.Id.ToString())).Take(MaxRelated).Select(other => Explainer.Relate(other, field)));
            }
        }

        return Explainer.Explain(observation, related);
    }

    private static bool Older(ObservationId id, ObservationId than) => id.Value.CompareTo(than.Value) < 0;
}
