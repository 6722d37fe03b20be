using System.Text;
using Whorl.Analysis.Decisions;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Delivery.Api;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Decisions;

/// <summary>The add form as it was sent, to show it again where something is wrong.</summary>
internal sealed record DecisionForm(string Scope, string Value, string Action, string Term, string Reason, bool Simulated)
{
    public static DecisionForm Empty { get; } = new("ip", "", "block", "24h", "", false);

    /// <summary>Reads a form. <c>target</c>, as the page of a request sends it, is <c>scope=value</c>.</summary>
    public static DecisionForm Read(IFormCollection form)
    {
        string scope = form["scope"].ToString(), value = form["value"].ToString(), target = form["target"].ToString();
        if (target.IndexOf('=') is > 0 and int at)
        {
            (scope, value) = (target[..at], target[(at + 1)..]);
        }

        return new(scope, value.Trim(), form["action"].ToString(), form["term"].ToString().Trim(), form["reason"].ToString().Trim(), form["simulated"] == "on");
    }
}

/// <summary>What the page of decisions shows.</summary>
/// <param name="Older">URL of the next page; null at the end.</param>
/// <param name="Imported">What an import did, where one was just made.</param>
internal sealed record DecisionsModel(
    string Query, IReadOnlyList<DecisionView> Rows, string? Older, DecisionForm Form, string? Fault, string? Notice, ListImportResult? Imported, bool CanDecide, DateTimeOffset Now);

/// <summary>Listing, making, ending and importing decisions, at the same desk as the API and the command line.</summary>
internal sealed class DecisionPages(DecisionStore store, DecisionWriter writer, TimeProvider clock)
{
    private const int PageSize = 100;

    // What is looked through for words that the store has no index for; the page says how far it came.
    private const int MaxPagesRead = 20;

    private readonly StoreDesk _desk = new(store, writer.ChangeAsync, clock, "console");

    public void Map(IEndpointRouteBuilder members, IEndpointRouteBuilder operators)
    {
        members.MapGet("/decisions", async (HttpContext http, string? q, string? before, string? done) => await ShowAsync(http, q, before, DecisionForm.Empty, null, NoticeOf(done)));
        operators.MapPost("/decisions/add", AddAsync);
        operators.MapPost("/decisions/remove", RemoveAsync);
        operators.MapPost("/decisions/import", ImportAsync);
    }

    private async Task<IResult> AddAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        DecisionForm form = DecisionForm.Read(sent);
        if (!ListEntry.TryScope(form.Scope, out DecisionScope scope) || !ListEntry.TryAction(form.Action, out DecisionAction action))
        {
            return await ShowAsync(http, null, null, form, "The form names no scope or action that there is.", null, status: StatusCodes.Status422UnprocessableEntity);
        }

        try
        {
            await _desk.AddAsync(new(scope, form.Value, action) { For = form.Term.Length > 0 ? form.Term : null, Reason = form.Reason, Simulated = form.Simulated }, cancel);
        }
        catch (DeskException fault)
        {
            return await ShowAsync(http, null, null, form, $"{fault.Fault.Detail} {fault.Fault.Hint}", null, status: StatusCodes.Status422UnprocessableEntity);
        }

        return Results.Redirect(sent["next"].ToString() is { Length: > 0 } next ? Page.LocalPath(next) : "/decisions?done=added");
    }

    private async Task<IResult> RemoveAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        string done = "removed";
        try
        {
            await _desk.EndAsync(sent["id"].ToString(), cancel);
        }
        catch (DeskException)
        {
            done = "none";
        }

        return Results.Redirect($"/decisions?done={done}{(sent["q"].ToString() is { Length: > 0 } q ? "&q=" + Uri.EscapeDataString(q) : "")}");
    }

    private async Task<IResult> ImportAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        string? Text(string name) => sent[name].ToString().Trim() is { Length: > 0 } text ? text : null;
        try
        {
            await using Stream list = sent.Files.GetFile("file") is { Length: > 0 } file ? file.OpenReadStream() : new MemoryStream(Encoding.UTF8.GetBytes(sent["list"].ToString()));
            ListImportResult result = await _desk.ImportAsync(
                list, new ImportSettings { Origin = Text("name"), Action = Text("action"), For = Text("term"), Reason = Text("reason"), EndMissing = sent["end-missing"] == "on" }, cancel);
            return await ShowAsync(http, null, null, DecisionForm.Empty, null, null, result);
        }
        catch (DeskException fault)
        {
            return await ShowAsync(http, null, null, DecisionForm.Empty, $"{fault.Fault.Detail} {fault.Fault.Hint}", null, status: StatusCodes.Status422UnprocessableEntity);
        }
    }

    private async Task<IResult> ShowAsync(
        HttpContext http, string? q, string? before, DecisionForm form, string? fault, string? notice, ListImportResult? imported = null, int status = StatusCodes.Status200OK)
    {
        string query = q?.Trim() ?? "";
        (List<DecisionView> rows, string? next) = await FindAsync(query, DecisionId.TryParse(before, out _) ? before : null, http.RequestAborted);
        string? older = next is null ? null : $"/decisions?before={next}{(query.Length > 0 ? "&q=" + Uri.EscapeDataString(query) : "")}";
        return Page.Show<DecisionsPage, DecisionsModel>(http, new(query, rows, older, form, fault, notice, imported, Session.IsOperator(http.User), clock.GetUtcNow()), status);
    }

    // What the store has an index for is asked of it (addresses, scopes, actions); other words are looked for in what comes.
    private async Task<(List<DecisionView> Rows, string? Next)> FindAsync(string query, string? before, CancellationToken cancel)
    {
        string? ip = null, scope = null, action = null;
        List<string> words = [];
        foreach (string word in query.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (DecisionId.TryParse(word, out DecisionId id))
            {
                return (await _desk.FindAsync(id.ToString(), cancel) is { } one ? [one] : [], null);
            }

            if (PeerAddress.TryParse(word, out PeerAddress address))
            {
                ip = address.ToString();
            }
            else if (ListEntry.TryScope(word, out _))
            {
                scope = word;
            }
            else if (ListEntry.TryAction(word, out _))
            {
                action = word;
            }
            else
            {
                words.Add(word);
            }
        }

        List<DecisionView> rows = [];
        for (int read = 0; read < MaxPagesRead; read++)
        {
            DecisionPage page = await _desk.ListAsync(new() { Ip = ip, Scope = scope, Action = action, Before = before, Limit = words.Count > 0 ? StoreDesk.MaxPage : PageSize }, cancel);
            foreach (DecisionView view in page.Items)
            {
                if (words.TrueForAll(word => Has(view, word)))
                {
                    rows.Add(view);
                    if (rows.Count == PageSize)
                    {
                        return (rows, view.Id);
                    }
                }
            }

            before = page.Next;
            if (before is null)
            {
                return (rows, null);
            }
        }

        return (rows, before);
    }

    private static bool Has(DecisionView view, string word) =>
        view.Value.Contains(word, StringComparison.OrdinalIgnoreCase) || view.Origin.Contains(word, StringComparison.OrdinalIgnoreCase)
        || view.Scenario.Contains(word, StringComparison.OrdinalIgnoreCase) || view.Reason.Contains(word, StringComparison.OrdinalIgnoreCase);

    private static string? NoticeOf(string? done) => done switch
    {
        "added" => "The decision is in force.",
        "removed" => "The decision has ended.",
        "none" => "Nothing ended: it was not in force any more.",
        _ => null,
    };
}
