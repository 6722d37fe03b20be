using Whorl.Analysis.Explanations;
using Whorl.Analysis.Filters;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rules;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Requests;

/// <summary>A page of requests.</summary>
/// <param name="SearchedBackTo">Where the search stopped before it had seen everything; null where it saw everything.</param>
internal sealed record RequestPageOfHistory(IReadOnlyList<Observation> Rows, DateTimeOffset? SearchedBackTo);

/// <summary>Requests from memory and from the journal, as one list: the newest may not be committed yet, the oldest are no longer in memory.</summary>
internal sealed class RequestHistory(LiveRequests live, JournalStore? journal = null, RuleLibrary? rules = null)
{
    public const int PageSize = 50;

    private const string Kind = "http.request";

    private const int MaxRelated = 8;

    // A page must not keep the disk busy for seconds: how far it looked is said below the list.
    private const long MaxScannedBytes = 256L * 1024 * 1024;

    // What an actor did around then; the links below lead to all of it.
    private static readonly TimeSpan RelatedSpan = TimeSpan.FromHours(24);

    /// <summary>Matches, newest first, older than <paramref name="before"/> where that is given.</summary>
    public async Task<RequestPageOfHistory> SearchAsync(Filter filter, ObservationId? before, DateTimeOffset? from, DateTimeOffset? to, int limit, CancellationToken cancel)
    {
        List<Observation> found = [.. live.Newest().Where(observation =>
            (before is not { } bound || observation.Id.Value.CompareTo(bound.Value) < 0) && (from is null || observation.Time >= from) && (to is null || observation.Time < to) && filter.Matches(observation))];
        DateTimeOffset? searchedBackTo = null;
        if (journal is not null)
        {
            JournalPage stored = await journal.SearchAsync(
                new() { Kind = Kind, Before = before, From = from, To = to, Limit = limit, Needles = filter.Needles, Match = filter.Matches, MaxScannedBytes = MaxScannedBytes }, cancel);
            found.AddRange(stored.Observations);
            searchedBackTo = stored.SearchedBackTo;
        }

        return new([.. found.DistinctBy(observation => observation.Id).OrderByDescending(observation => observation.Id.Value).Take(limit)], searchedBackTo);
    }

    public async Task<Observation?> FindAsync(ObservationId id, CancellationToken cancel) =>
        live.Newest().FirstOrDefault(observation => observation.Id == id) ?? (journal is null ? null : await journal.FindAsync(id, cancel));

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
                RequestPageOfHistory others = await SearchAsync(same!, null, observation.Time - RelatedSpan, null, MaxRelated + 1, cancel);
                related.AddRange(others.Rows.Where(other => other.Id != id && !related.Exists(known => known.Id == other.Id.ToString())).Take(MaxRelated).Select(other => Explainer.Relate(other, field)));
            }
        }

        return Explainer.Explain(observation, related, [.. (rules?.Current.Source.Thresholds ?? []).Select(threshold => new Threshold(threshold.Score, threshold.Action.ToString().ToLowerInvariant()))]);
    }
}
