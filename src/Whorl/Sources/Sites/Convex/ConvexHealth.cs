using Microsoft.Extensions.Diagnostics.HealthChecks;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Convex;

/// <summary>Ready while the deployment answers. Without it no job is claimed and no result is kept: workers wait, and say so.</summary>
internal sealed class ConvexHealth(ConvexClient convex) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await convex.QueryAsync<CountsShape>("jobs:counts", new { }, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (fault is StoreException or IOException)
        {
            return HealthCheckResult.Unhealthy(fault.Message);
        }
    }
}

/// <summary>What <c>whorl doctor</c> says about the deployment.</summary>
internal sealed class ConvexDoctor(ConvexClient convex) : IDoctorCheck
{
    private const string Name = "sites: Convex";

    public async Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        try
        {
            CountsShape counts = await convex.QueryAsync<CountsShape>("jobs:counts", new { }, cancel);
            return new(Name, true, $"{convex.Host} answers: {counts.Jobs.Values.Sum():0} jobs, {counts.Due:0} due", null);
        }
        catch (StoreException fault)
        {
            return new(Name, false, fault.Message, fault.Hint);
        }
        catch (IOException fault)
        {
            return new(Name, false, fault.Message, "Check Sites:Convex:Url (CONVEX_URL), and that this machine may reach it");
        }
    }
}
