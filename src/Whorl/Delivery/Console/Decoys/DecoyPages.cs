using Whorl.Analysis.Journal;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Decoys;

/// <summary>What the page of decoys shows.</summary>
/// <param name="Decoy">The decoy that it is narrowed to; null for all.</param>
/// <param name="Sessions">Conversations that ended, newest first.</param>
/// <param name="Older">Those older than this one are on the next page; null at the end.</param>
/// <param name="SearchedBackTo">Where the search for them stopped because it had read enough; null where it did not.</param>
internal sealed record DecoysModel(IReadOnlyList<DecoyNode> Nodes, string? Decoy, IReadOnlyList<Observation> Sessions, ObservationId? Older, DateTimeOffset? SearchedBackTo, DateTimeOffset Now);

/// <summary>The fleet, and who talked to it.</summary>
internal sealed class DecoyPages(DecoysLive live, TimeProvider clock, JournalStore? journal = null)
{
    private const int MaxShown = 50;

    private const long MaxScannedBytes = 256L * 1024 * 1024;

    public void Map(IEndpointRouteBuilder members) => members.MapGet("/decoys", ShowAsync);

    private async Task<IResult> ShowAsync(HttpContext http, string? decoy, string? before)
    {
        string? only = string.IsNullOrEmpty(decoy) ? null : decoy;
        JournalPage sessions = new([], null);
        if (journal is not null)
        {
            JournalQuery query = new()
            {
                Kind = DecoyKinds.SessionEnded, Limit = MaxShown, Before = ObservationId.TryParse(before, out ObservationId id) ? id : null, Needles = only is null ? [] : [only],
                Match = only is null ? null : observation => observation.Text("decoy") == only, MaxScannedBytes = MaxScannedBytes,
            };
            sessions = await journal.SearchAsync(query, http.RequestAborted);
        }

        IReadOnlyList<Observation> found = sessions.Observations;
        return Page.Show<DecoysPage, DecoysModel>(http, new(live.Nodes(), only, found, found.Count == MaxShown ? found[^1].Id : null, sessions.SearchedBackTo, clock.GetUtcNow()));
    }

    /// <summary>The page narrowed to one decoy.</summary>
    public static string Link(string decoy) => "/decoys?decoy=" + Uri.EscapeDataString(decoy);
}
