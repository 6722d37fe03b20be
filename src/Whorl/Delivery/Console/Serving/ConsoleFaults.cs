using System.Data.Common;
using Whorl.Delivery.Api;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Stores;

namespace Whorl.Delivery.WebConsole.Serving;

/// <summary>What is said where there was to be a page.</summary>
/// <param name="Reference">The log has the private reason under it; null where the log says nothing.</param>
internal sealed record FaultModel(DeskFault Fault, string? Reference);

/// <summary>The last catch of the console and API server: what is refused, a store that is away and faults of our own end in a page or a problem, never in an empty answer.</summary>
internal static class ConsoleFaults
{
    public static async Task ShowAsync(HttpContext http, RequestDelegate next)
    {
        FaultModel shown;
        try
        {
            RefuseNul(http.Request);
            await next(http);
            return;
        }
        catch (Exception fault) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            shown = Of(fault, http);
        }

        http.Response.Clear();
        ConsoleSecurity.SetHeaders(http.Response.Headers);

        // A page that broke half-way has used up what renders pages in the scope of this request.
        await using AsyncServiceScope scope = http.RequestServices.CreateAsyncScope();
        IServiceProvider before = http.RequestServices;
        http.RequestServices = scope.ServiceProvider;
        try
        {
            IResult answer = http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) ? shown.Fault.ToResult() : Page.Show<FaultPage, FaultModel>(http, shown, shown.Fault.Status);
            await answer.ExecuteAsync(http);
        }
        finally
        {
            http.RequestServices = before;
        }
    }

    // No text that is kept or looked for has one, and PostgreSQL takes it for a fault of ours.
    private static void RefuseNul(HttpRequest request)
    {
        if (request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true)
        {
            throw new DeskException(DeskFault.Bad("The address holds a character that no text has (NUL).", "Remove %00 from it."));
        }
    }

    private static FaultModel Of(Exception fault, HttpContext http)
    {
        ILogger log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Whorl.Console");
        string reference = http.TraceIdentifier;
        switch (fault)
        {
            case DeskException known:
                return new(known.Fault, null);
            case BadHttpRequestException bad:
                return new(new(bad.StatusCode, "The request cannot be used.", bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "It is too long: send it in parts." : "Go back, reload the page and send it again."), null);
            case DbException or StoreException or HttpRequestException:
            case not null when StoreFault.IsTransient(fault):
                ConsoleLog.StoreFailed(log, reference, fault);
                return new(new(StatusCodes.Status503ServiceUnavailable, "The store does not answer.", "Try again in a minute, and see `whorl doctor`."), reference);
            default:
                ConsoleLog.Failed(log, reference, fault!);
                return new(new(StatusCodes.Status500InternalServerError, "This is a fault of Whorl.", $"The log of this node has the reason under {reference}."), reference);
        }
    }
}
