using Whorl.Analysis.Decisions;
using Whorl.Analysis.Explanations;
using Whorl.Analysis.Filters;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rotations;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Captures;

/// <summary>What the page of capture shows.</summary>
/// <param name="Counted">How many observations the tables of fingerprints are made of.</param>
/// <param name="Skipped">Observations that came too fast to be read, since the start.</param>
internal sealed record CaptureModel(
    string Query, FilterFault? Fault, bool Paused, IReadOnlyList<InterfaceRow> Interfaces, IReadOnlyList<(string Group, IReadOnlyList<FingerprintRow> Rows)> Fingerprints,
    int Counted, long Skipped, IReadOnlyList<Observation> Newest, DateTimeOffset? SearchedBackTo, DateTimeOffset Now);

/// <summary>What the page of an address shows.</summary>
internal sealed record AddressModel(
    string Text, PeerAddress? Address, DecisionMatch Decision, IReadOnlyList<StoredDecision> Decisions, IReadOnlyList<(string Group, IReadOnlyList<FingerprintRow> Rows)> Fingerprints, IReadOnlyList<(string Kind, long Count)> Kinds,
    DateTimeOffset? First, DateTimeOffset? Last, IReadOnlyList<Observation> Newest, bool More, DateTimeOffset? SearchedBackTo, FingerprintHistory History, IReadOnlyList<string> Labels, IReadOnlyList<Observation> Sessions, DateTimeOffset Now)
{
    public static AddressModel Unreadable(string text, DateTimeOffset now) =>
        new(text, null, default, [], [], [], null, null, [], false, null, FingerprintHistory.None, [], [], now);
}

/// <summary>The live page of capture, and the page of one address.</summary>
internal sealed class CaptureEndpoints(CaptureLive live, LiveRequests requests, IDecisionLookup lookup, DecisionStore decisions, RotationStore rotations, TimeProvider clock, JournalStore? journal = null)
{
    private const int MaxShown = 50;

    // What one address's fingerprints are added up of.
    private const int MaxRead = 2000;

    private const long MaxScannedBytes = 256L * 1024 * 1024;

    public void Map(IEndpointRouteBuilder members)
    {
        members.MapGet("/capture", ListAsync);
        members.MapGet("/addresses/{address}", ShowAsync);
    }

    private async Task<IResult> ListAsync(HttpContext http, string? q, string? paused)
    {
        string query = q?.Trim() ?? "";
        bool compiled = Filter.TryParse(query, out Filter? filter, out FilterFault? fault);
        List<Observation> newest = [.. live.Newest.Newest().Where(observation => compiled && filter!.Matches(observation))];
        DateTimeOffset? searchedBackTo = null;
        // The page without a filter asks again every few seconds: memory alone answers it.
        if (compiled && query.Length > 0 && journal is not null && newest.Count < MaxShown)
        {
            JournalPage stored = await journal.SearchAsync(
                new() { Limit = MaxShown, Needles = filter!.Needles, Match = observation => IsCaptured(observation) && filter.Matches(observation), MaxScannedBytes = MaxScannedBytes }, http.RequestAborted);
            newest = Merged(newest, stored.Observations);
            searchedBackTo = stored.SearchedBackTo;
        }

        return Page.Show<CapturePage, CaptureModel>(
            http, new(query, fault, paused is not null, live.Interfaces(), Fingerprints(newest), newest.Count, live.Newest.Skipped, [.. newest.Take(MaxShown)], searchedBackTo, clock.GetUtcNow()));
    }

    private async Task<IResult> ShowAsync(HttpContext http, string address)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (!PeerAddress.TryParse(address, out PeerAddress peer))
        {
            return Page.Show<AddressPage, AddressModel>(http, AddressModel.Unreadable(address, now), StatusCodes.Status404NotFound);
        }

        string text = peer.ToString();
        List<Observation> seen = [.. live.Newest.Newest().Concat(requests.Newest()).Where(observation => Concerns(observation, text))];
        DateTimeOffset? searchedBackTo = null;
        if (journal is not null)
        {
            JournalPage stored = await journal.SearchAsync(
                new() { Limit = MaxRead, Needles = [text], Match = observation => Concerns(observation, text), MaxScannedBytes = MaxScannedBytes }, http.RequestAborted);
            seen.AddRange(stored.Observations);
            searchedBackTo = stored.SearchedBackTo;
        }

        seen = Merged(seen, []);

        // Fingerprints are of who speaks: what was said to an address is not its own.
        IEnumerable<Observation> own = seen.Where(observation => observation.Subject.Text == "ip:" + text || Explainer.Text(observation.Attributes, "client.ip") == text);
        IReadOnlyList<StoredDecision> stands = await decisions.ListAsync(new() { Ip = peer, Active = null, Limit = MaxShown }, http.RequestAborted);
        return Page.Show<AddressPage, AddressModel>(http, new(
            text, peer, lookup.Find(new(peer, null, null, 0, null)), stands, Fingerprints([.. own]),
            [.. seen.GroupBy(observation => observation.Kind).Select(group => (group.Key, group.Sum(Sightings.Count))).OrderByDescending(kind => kind.Item2)],
            seen.Count > 0 ? seen.Min(observation => observation.Time) : null, seen.Count > 0 ? seen.Max(observation => observation.Time) : null,
            [.. seen.Take(MaxShown)], seen.Count > MaxShown, searchedBackTo, await rotations.HistoryAsync(peer, http.RequestAborted),
            [.. own.Where(observation => observation.Kind == FindingKinds.SignatureMatched).Select(observation => observation.Text("signature.label")).OfType<string>().Distinct(StringComparer.Ordinal)],
            [.. own.Where(observation => observation.Kind == DecoyKinds.SessionEnded).Take(MaxShown)], now));
    }

    private static List<Observation> Merged(IEnumerable<Observation> one, IEnumerable<Observation> other) =>
        [.. one.Concat(other).DistinctBy(observation => observation.Id).OrderByDescending(observation => observation.Time)];

    private static List<(string, IReadOnlyList<FingerprintRow>)> Fingerprints(IReadOnlyList<Observation> observations) =>
        [.. Sightings.Groups.Select(group => (group, Sightings.Of(group, observations))).Where(group => group.Item2.Count > 0)];

    // The edge's requests have their own page; capture tells who sent them by source.ip.
    private static bool IsCaptured(Observation observation) => observation.Kind != "capture.summary" && Explainer.Text(observation.Attributes, "source.ip") is not null;

    private static bool Concerns(Observation observation, string address) =>
        observation.Subject.Text == "ip:" + address || Explainer.Text(observation.Attributes, "client.ip") == address
        || Explainer.Text(observation.Attributes, "destination.ip") == address || Explainer.Text(observation.Attributes, "source.ip") == address;
}
