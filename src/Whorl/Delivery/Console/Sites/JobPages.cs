using Whorl.Delivery.Api;
using Whorl.Delivery.Api.Sites;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages.Sites;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Sources.Sites.Jobs;

namespace Whorl.Delivery.WebConsole.Sites;

/// <summary>What the page of jobs shows.</summary>
/// <param name="Reasons">Why the last run failed, by job.</param>
/// <param name="Chosen">The job whose runs and steps are shown; null for none.</param>
internal sealed record JobsModel(
    JobFilter Filter, QueueView Counts, IReadOnlyList<SiteJob> Rows, string? Older, IReadOnlyDictionary<string, string> Reasons, SiteJob? Chosen, JobHistory? History, string? Fault, string? Notice,
    bool IsHere, bool CanOrder, DateTimeOffset Now)
{
    public string With(string? state) => "/jobs" + SiteLinks.Query(("state", state), ("site", Filter.Site));

    public string Here => "/jobs" + SiteLinks.Query(("state", Filter.State), ("site", Filter.Site), ("after", Filter.After), ("job", Chosen?.Id));
}

/// <summary>The job queue: states, what is due, what failed and why, and the traces of one job.</summary>
internal sealed class JobPages(SiteDesk desk, TimeProvider clock)
{
    private const int MaxRuns = 50;

    // Each costs a question to the job source, which may be far.
    private const int MaxReasons = 20;

    public void Map(IEndpointRouteBuilder members, IEndpointRouteBuilder operators)
    {
        members.MapGet("/jobs", ShowAsync);
        operators.MapPost("/jobs/retry", RetryAsync);
    }

    private async Task<IResult> ShowAsync(HttpContext http, [AsParameters] JobFilter filter, string? job, int? retried)
    {
        CancellationToken cancel = http.RequestAborted;
        QueueView counts = new(new Dictionary<JobState, long>(), 0);
        SitePageOf<SiteJob> page = new([], null);
        SiteJob? chosen = null;
        JobHistory? history = null;
        Dictionary<string, string> reasons = new(StringComparer.Ordinal);
        string? fault = null;
        if (desk.IsHere)
        {
            counts = await desk.CountAsync(cancel);
            try
            {
                page = await desk.JobsAsync(filter, cancel);
            }
            catch (DeskException wrong)
            {
                fault = $"{wrong.Fault.Detail} {wrong.Fault.Hint}";
            }

            // Also where it has moved to another page meanwhile, or a link leads to it.
            chosen = job is null ? null : page.Items.FirstOrDefault(one => one.Id == job) ?? await desk.JobAsync(job, cancel);
            history = chosen is null ? null : await desk.HistoryAsync(chosen.Id, MaxRuns, cancel);
            foreach (SiteJob failed in page.Items.Where(one => one.Failures > 0).Take(MaxReasons))
            {
                reasons[failed.Id] = (await desk.LastRunsAsync(failed.Id, 2, cancel)).Select(run => run.Reason).FirstOrDefault(reason => reason is not null) ?? "";
            }
        }

        string? notice = retried switch
        {
            null => null,
            1 => "One more job is due now.",
            _ => $"{retried} more jobs are due now.",
        };
        JobsModel model = new(filter, counts, page.Items, null, reasons, chosen, history, fault, notice, desk.IsHere, desk.IsHere && Session.IsOperator(http.User), clock.GetUtcNow());
        return Page.Show<JobsPage, JobsModel>(http, model with { Older = page.Next is { } next ? SiteLinks.And(model.With(filter.State), "after", next) : null });
    }

    private async Task<IResult> RetryAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection sent = await http.Request.ReadFormAsync(cancel);
        int retried = await desk.RetryAsync(new JobFilter { Site = sent["site"].ToString(), State = sent["state"].ToString() }, cancel);
        return Results.Redirect(SiteLinks.And(Page.LocalPath(sent["next"].ToString() is { Length: > 0 } next ? next : "/jobs"), "retried", retried.ToString()));
    }
}
