namespace Whorl.Sources.Sites.Jobs;

/// <summary>Makes any number of jobs due, part by part.</summary>
internal static class JobRetries
{
    // What every system of record does in one transaction.
    private const int Part = 1000;

    /// <summary>How many were made due; a part that is not full was the last.</summary>
    public static async Task<int> RetryAllAsync(this IJobSource jobs, JobQuery which, CancellationToken cancel)
    {
        int retried = 0, some;
        do
        {
            some = await jobs.RetryAsync(which with { After = null, Limit = Part }, cancel);
            retried += some;
        }
        while (some == Part);
        return retried;
    }
}
