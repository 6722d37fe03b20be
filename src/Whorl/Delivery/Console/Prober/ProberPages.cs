using System.Text.Json;
using Whorl.Bus;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Kernel;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Targets;

namespace Whorl.Delivery.WebConsole.Prober;

/// <summary>What the page of the prober shows.</summary>
/// <param name="Address">The address that the audit is narrowed to; null for all.</param>
/// <param name="Older">The audit before this moment (Unix microseconds) is on the next page; null at the end.</param>
internal sealed record ProberModel(
    IReadOnlyList<ProberRow> Probers, QueueCounts Counts, IReadOnlyList<QueueEntry> Queue, PeerAddress? Address, IReadOnlyList<AuditEntry> Audit, long? Older, string? Notice, bool CanOrder, DateTimeOffset Now);

/// <summary>Whom the probers ask next, what they sent, and telling them to pause.</summary>
internal sealed class ProberPages(ProbesStore store, ProberLive live, IBus bus, TimeProvider clock)
{
    private const int MaxQueue = 50;
    private const int MaxAudit = 100;

    private static readonly string[] Orders = ["pause", "resume", "stop"];

    public void Map(IEndpointRouteBuilder members, IEndpointRouteBuilder operators)
    {
        members.MapGet("/prober", ShowAsync);
        operators.MapPost("/prober/order", OrderAsync);
    }

    private async Task<IResult> ShowAsync(HttpContext http, string? address, long? before, string? told)
    {
        PeerAddress? only = PeerAddress.TryParse(address, out PeerAddress peer) ? peer : null;
        DateTimeOffset? from = before is > 0 and < 253_402_300_799_999_999 and { } moment ? Stores.ColumnTypes.Time(moment) : null;
        IReadOnlyList<AuditEntry> audit = await store.AuditAsync(only, from, MaxAudit, http.RequestAborted);
        return Page.Show<ProberPage, ProberModel>(http, new(
            live.Rows(), await store.CountAsync(http.RequestAborted), await store.QueueAsync(MaxQueue, http.RequestAborted), only, audit, audit.Count == MaxAudit ? audit[^1].Micros : null,
            Orders.Contains(told, StringComparer.Ordinal) ? $"Every prober was told to {told}; it says so with its next word, within 30 seconds." : null, Session.IsOperator(http.User), clock.GetUtcNow()));
    }

    private async Task<IResult> OrderAsync(HttpContext http, CancellationToken cancel)
    {
        string order = (await http.Request.ReadFormAsync(cancel))["order"].ToString();
        if (!Orders.Contains(order, StringComparer.Ordinal))
        {
            return Results.BadRequest();
        }

        await bus.PublishAsync(new(ProberControl.ControlTopic, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["action"] = order }), "application/json"), cancel);
        return Results.Redirect("/prober?told=" + order);
    }
}
