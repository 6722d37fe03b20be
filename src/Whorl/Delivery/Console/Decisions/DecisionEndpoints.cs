using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Decisions;

/// <summary>What the page of decisions shows.</summary>
/// <param name="Total">How many match; null where the list could not be read.</param>
internal sealed record DecisionsModel(string Query, IReadOnlyList<Decision> Rows, int? Total, DecisionForm Form, string? Fault, string? Notice, bool CanDecide, DateTimeOffset Now);

/// <summary>Listing, making and ending decisions.</summary>
internal sealed class DecisionEndpoints(DecisionBook book, TimeProvider clock)
{
    // What a page shows; the filter finds the rest, and exports hold all.
    private const int MaxRows = 200;

    // What is looked through for a filter.
    private const int MaxRead = 100_000;

    public void Map(IEndpointRouteBuilder members, IEndpointRouteBuilder operators)
    {
        members.MapGet("/decisions", async (HttpContext http, string? q, string? done) => await ShowAsync(http, q, DecisionForm.Empty, null, NoticeOf(done)));
        operators.MapPost("/decisions/add", AddAsync);
        operators.MapPost("/decisions/remove", RemoveAsync);
    }

    private async Task<IResult> AddAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        DecisionForm form = DecisionForm.Read(sent);
        (Decision? decision, string? fault) = form.Decide(clock);
        if (decision is null || book.Writer is null)
        {
            return await ShowAsync(http, null, form, fault ?? "This process cannot make decisions.", null, StatusCodes.Status422UnprocessableEntity);
        }

        await book.Writer.AddAsync([decision with { Origin = "console" }], cancel);
        return Results.Redirect(sent["next"].ToString() is { Length: > 0 } next ? Page.LocalPath(next) : "/decisions?done=added");
    }

    private async Task<IResult> RemoveAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        List<DecisionId> ids = [];
        foreach (string? text in sent["id"])
        {
            if (DecisionId.TryParse(text, out DecisionId id))
            {
                ids.Add(id);
            }
        }

        int ended = ids.Count > 0 && book.Writer is not null ? await book.Writer.DeleteAsync(ids, cancel) : 0;
        return Results.Redirect($"/decisions?done={(ended > 0 ? "removed" : "none")}{(sent["q"].ToString() is { Length: > 0 } q ? "&q=" + Uri.EscapeDataString(q) : "")}");
    }

    private async Task<IResult> ShowAsync(HttpContext http, string? q, DecisionForm form, string? fault, string? notice, int status = StatusCodes.Status200OK)
    {
        string query = q?.Trim() ?? "";
        IReadOnlyList<Decision>? all = book.List is null ? null : await book.List(MaxRead, http.RequestAborted);
        List<Decision> rows = [.. (all ?? []).Where(decision => Matches(decision, query))];
        return Page.Show<DecisionsPage, DecisionsModel>(
            http, new(query, [.. rows.Take(MaxRows)], all is null ? null : rows.Count, form, fault, notice, book.Writer is not null && Session.IsOperator(http.User), clock.GetUtcNow()), status);
    }

    // Plain words, all of which must be found; an address also finds the networks around it.
    private static bool Matches(Decision decision, string query)
    {
        foreach (string word in query.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (PeerAddress.TryParse(word, out PeerAddress address))
            {
                if (decision.Scope is not (DecisionScope.Ip or DecisionScope.Range) || !Network.TryParse(decision.Value, out Network network) || !network.Contains(address))
                {
                    return false;
                }

                continue;
            }

            bool found = decision.Value.Contains(word, StringComparison.OrdinalIgnoreCase)
                || decision.Id.ToString() == word
                || decision.Scope.ToString().Equals(word, StringComparison.OrdinalIgnoreCase)
                || decision.Action.ToString().Equals(word, StringComparison.OrdinalIgnoreCase)
                || decision.Origin.Contains(word, StringComparison.OrdinalIgnoreCase)
                || decision.Scenario.Contains(word, StringComparison.OrdinalIgnoreCase)
                || decision.Reason.Contains(word, StringComparison.OrdinalIgnoreCase);
            if (!found)
            {
                return false;
            }
        }

        return true;
    }

    private static string? NoticeOf(string? done) => done switch
    {
        "added" => "The decision is in force.",
        "removed" => "The decision has ended.",
        "none" => "Nothing ended: it was not in force any more.",
        _ => null,
    };
}
