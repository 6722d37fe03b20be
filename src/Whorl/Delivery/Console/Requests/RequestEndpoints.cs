using System.Text.Json;
using Whorl.Analysis.Explanations;
using Whorl.Analysis.Filters;
using Whorl.Delivery.Api;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Requests;

/// <summary>What the list of requests shows.</summary>
/// <param name="Live">True where new rows come in by themselves: the newest page, without a time range.</param>
/// <param name="Older">URL of the next page; null at the end.</param>
/// <param name="SearchedBackTo">Where the search gave up before the end.</param>
/// <param name="Selected">The request in the side pane.</param>
internal sealed record RequestsModel(
    string Query, FilterFault? Fault, IReadOnlyList<Observation> Rows, bool Live, string? Older, DateTimeOffset? From, DateTimeOffset? To,
    Explanation? Selected, string? SelectedId, DateTimeOffset? SearchedBackTo, DateTimeOffset Now)
{
    /// <summary>This list, with another request in the pane or another end.</summary>
    public string UrlOf(string? id, DateTimeOffset? to = null) => "/requests" + QueryString.Create(
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["q"] = Query.Length > 0 ? Query : null,
            ["from"] = From?.ToUnixTimeSeconds().ToString(),
            ["to"] = (to ?? To)?.ToUnixTimeSeconds().ToString(),
            ["id"] = id,
        }.Where(pair => pair.Value is not null));
}

/// <summary>What the page of one request shows.</summary>
internal sealed record ExplainedModel(Explanation? Explained, string Query, bool Whole, DateTimeOffset Now);

/// <summary>The list of requests, one request explained, and the same explanation for the API.</summary>
internal sealed class RequestEndpoints(RequestHistory history, LiveStream stream, TimeProvider clock)
{
    public void Map(IEndpointRouteBuilder members)
    {
        members.MapGet("/requests", ListAsync);
        members.MapGet("/requests/{id}", ShowAsync);
        members.MapGet("/stream/requests", stream.Requests);
        members.MapGet("/fields.json", () => TypedResults.Json(FilterFields.All.Select(field => field.Name).ToArray(), ConsoleJson.Default.StringArray));
    }

    /// <summary>The explanation as JSON: the same that the page shows and <c>whorl explain</c> prints.</summary>
    public async Task<IResult> ExplainAsync(string id, CancellationToken cancel)
    {
        if (!ObservationId.TryParse(id, out ObservationId parsed))
        {
            return DeskFault.Bad("This is no id.", "An id has 26 letters and digits; refusal pages show it as the reference.").ToResult();
        }

        return await history.ExplainAsync(parsed, cancel) is { } explained
            ? TypedResults.Json(explained, ExplanationJson.Default.Explanation)
            : new DeskFault(StatusCodes.Status404NotFound, $"No observation {parsed} is known.", "It may be older than the journal keeps.").ToResult();
    }

    private async Task<IResult> ListAsync(HttpContext http, string? q, string? before, long? from, long? to, string? id)
    {
        string query = q?.Trim() ?? "";
        bool compiled = Filter.TryParse(query, out Filter? filter, out FilterFault? fault);
        ObservationId? older = ObservationId.TryParse(before, out ObservationId bound) ? bound : null;
        DateTimeOffset? since = Moment(from), until = Moment(to);
        bool paneOnly = http.Request.Headers["HX-Target"] == "pane";
        RequestPageOfHistory found = compiled && !paneOnly
            ? await history.SearchAsync(filter!, older, since, until, RequestHistory.PageSize + 1, http.RequestAborted) : new([], null);
        IReadOnlyList<Observation> rows = found.Rows;
        bool more = rows.Count > RequestHistory.PageSize;
        rows = more ? [.. rows.Take(RequestHistory.PageSize)] : rows;
        Explanation? selected = ObservationId.TryParse(id, out ObservationId chosen) ? await history.ExplainAsync(chosen, http.RequestAborted) : null;
        RequestsModel model = new(query, fault, rows, older is null && since is null && until is null && compiled, null, since, until, selected, id, found.SearchedBackTo, clock.GetUtcNow());
        if (more)
        {
            string url = model.UrlOf(null);
            model = model with { Older = url + (url.Contains('?') ? '&' : '?') + "before=" + rows[^1].Id };
        }

        http.Features.Set(new ExplainedModel(selected, query, Whole: false, model.Now));
        return Page.Show<RequestsPage, RequestsModel>(http, model);
    }

    private async Task<IResult> ShowAsync(HttpContext http, string id)
    {
        Explanation? explained = ObservationId.TryParse(id, out ObservationId parsed) ? await history.ExplainAsync(parsed, http.RequestAborted) : null;
        return Page.Show<RequestPage, ExplainedModel>(
            http, new(explained, "", Whole: true, clock.GetUtcNow()), explained is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK);
    }

    private static DateTimeOffset? Moment(long? seconds) => seconds is > 0 and < 250_000_000_000 ? DateTimeOffset.FromUnixTimeSeconds(seconds.Value) : null;

    /// <summary>The record as people read it.</summary>
    public static string Indented(JsonElement record) => Visible.Lines(JsonSerializer.Serialize(record, ConsoleJson.Readable.JsonElement));
}
