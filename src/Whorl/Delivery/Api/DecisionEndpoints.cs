using System.Data.Common;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Whorl.Analysis.Decisions;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Stores;

namespace Whorl.Delivery.Api;

/// <summary><c>/api/v1/decisions</c>: thin, so that the command line can do the same without HTTP.</summary>
internal static class DecisionEndpoints
{
    /// <summary>A list of a million addresses with comments.</summary>
    private const long MaxImportLength = 128 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder all = routes.MapGroup("/api/v1/decisions").WithTags("decisions")
            .AddEndpointFilter(ApiAccess.RefuseOtherSitesAsync).AddEndpointFilter(ShowFaultsAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized);
        RouteGroupBuilder read = all.MapGroup("").RequireAuthorization(ApiAccess.ReadPolicy);
        RouteGroupBuilder write = all.MapGroup("").RequireAuthorization(ApiAccess.WritePolicy);

        read.MapGet("", async ([AsParameters] DecisionFilter filter, HttpContext http, CancellationToken cancel) => TypedResults.Ok(await Desk(http).ListAsync(filter, cancel)))
            .WithName("listDecisions").WithSummary("List decisions, newest first");
        read.MapGet("/export", ExportAsync).WithName("exportDecisions").WithSummary("Every decision in force as csv (default), json, jsonlines or plain");
        read.MapGet("/{id}", FindAsync).WithName("getDecision").WithSummary("One decision, ended ones included").ProducesProblem(StatusCodes.Status404NotFound);
        write.MapPost("", AddAsync).WithName("addDecision").WithSummary("Make a decision");
        write.MapDelete("/{id}", async (string id, HttpContext http, CancellationToken cancel) => TypedResults.Ok(new EndedView(await Desk(http).EndAsync(id, cancel))))
            .WithName("endDecision").WithSummary("End a decision").ProducesProblem(StatusCodes.Status404NotFound);
        write.MapDelete("", async ([AsParameters] DecisionFilter filter, HttpContext http, CancellationToken cancel) => TypedResults.Ok(new EndedView(await Desk(http).EndAsync(filter, cancel))))
            .WithName("endDecisions").WithSummary("End every decision in force that the filter means");
        write.MapPost("/import", ImportAsync).WithName("importDecisions").WithSummary("Import a list, sent as the body: bad lines are reported, good ones applied");
    }

    private static async Task<Results<Ok<DecisionView>, ProblemHttpResult>> FindAsync(string id, HttpContext http, CancellationToken cancel) =>
        await Desk(http).FindAsync(id, cancel) is { } found
            ? TypedResults.Ok(found)
            : throw new DeskException(new(StatusCodes.Status404NotFound, $"There is no decision {id}.", "Ended decisions are kept for a month; see GET /api/v1/decisions?active=any."));

    private static async Task<Created<DecisionView>> AddAsync(NewDecision decision, HttpContext http, CancellationToken cancel)
    {
        DecisionView made = await Desk(http).AddAsync(decision, cancel);
        return TypedResults.Created($"/api/v1/decisions/{made.Id}", made);
    }

    private static async Task<Ok<ListImportResult>> ImportAsync([AsParameters] ImportSettings settings, HttpContext http, CancellationToken cancel)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxImportLength;
        }

        return TypedResults.Ok(await Desk(http).ImportAsync(http.Request.Body, settings, cancel));
    }

    private static async Task ExportAsync(HttpContext http, CancellationToken cancel, string? format = null)
    {
        ListFormat read = StoreDesk.ReadFormat(format);
        http.Response.ContentType = read switch
        {
            ListFormat.Json => "application/json",
            ListFormat.JsonLines => "application/jsonl",
            ListFormat.Plain => "text/plain; charset=utf-8",
            _ => "text/csv; charset=utf-8",
        };
        await Desk(http).ExportAsync(format ?? "csv", http.Response.Body, cancel);
    }

    private static StoreDesk Desk(HttpContext http) => new(
        http.RequestServices.GetRequiredService<DecisionStore>(),
        http.RequestServices.GetRequiredService<DecisionWriter>().ChangeAsync,
        http.RequestServices.GetRequiredService<TimeProvider>(),
        ApiAccess.OriginOf(http.User));

    private static async ValueTask<object?> ShowFaultsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (DeskException fault)
        {
            return fault.Fault.ToResult();
        }
        catch (Exception fault) when (fault is DbException or StoreException || StoreFault.IsTransient(fault))
        {
            ApiLog.StoreFailed(context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Whorl.Api"), fault);
            return new DeskFault(StatusCodes.Status503ServiceUnavailable, "The store does not answer.", "Decisions at hand stay in force; try again, and see `whorl doctor`.").ToResult();
        }
    }
}
