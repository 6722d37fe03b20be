using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Sites;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites;

/// <summary>
/// Tells the others of scans that are kept. A scan is marked once the bus has taken charge of what is told of it; what a process kept and did not live to tell, or to mark,
/// is told by whoever runs next, so that somebody may hear of a scan twice, and of each.
/// </summary>
internal sealed class ScanTeller(
    IResultSink results, IBus bus, ScanFeatureReader features, IOptions<NodeOptions> node, SitesMetrics metrics, TimeProvider clock, ILogger<ScanTeller> log)
{
    // Looked for at once; each is a whole record.
    private const int MaxSwept = 100;

    // What is younger is being told by the process that kept it.
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<string> _told = new();

    /// <summary>Never fails: what was not told now is found by the sweep.</summary>
    public async Task<bool> TellAsync(ScanRecord scan)
    {
        try
        {
            BusMessage message = new(
                Topics.ObservationPrefix + SiteKinds.Scan, CloudEvents.WriteBatch([ScanObservation.Of(scan, features.Of(scan), node.Value.Name, clock)]), CloudEvents.BatchContentType);
            if (await bus.PublishAsync(message, CancellationToken.None))
            {
                _told.Enqueue(scan.Id);
                return true;
            }
        }
        catch (Exception fault)
        {
            SitesLog.NotTold(log, fault, scan.Url);
        }

        metrics.Dropped();
        return false;
    }

    /// <summary>Writes down what was told since the last time.</summary>
    public async Task MarkAsync(CancellationToken cancel)
    {
        List<string> told = [];
        while (_told.TryDequeue(out string? scan))
        {
            told.Add(scan);
        }

        if (told.Count == 0)
        {
            return;
        }

        try
        {
            await results.ToldAsync(told, cancel);
        }
        catch
        {
            told.ForEach(_told.Enqueue);
            throw;
        }
    }

    /// <summary>Tells what somebody kept and did not live to tell.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        bool all = true;
        while (all && await results.UntoldAsync(Forgotten, MaxSwept, cancel) is { Count: > 0 } untold)
        {
            foreach (ScanRecord scan in untold)
            {
                all &= await TellAsync(scan);
            }

            await MarkAsync(cancel);
        }
    }
}
