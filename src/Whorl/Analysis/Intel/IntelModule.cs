using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>Wires intelligence: what others know of a fingerprint.</summary>
internal static class IntelModule
{
    public static IHostApplicationBuilder AddIntel(this IHostApplicationBuilder builder)
    {
        builder.AddBus();
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddModuleOptions<SignaturesOptions, SignaturesOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<SignaturesOptions>, SignaturesOptionsCheck>();
        builder.Services.AddSingleton<SignatureLibrary>().AddSingleton<SignatureMatcher>();
        builder.Services.AddHostedService<SignaturesWorker>().AddHostedService<SignatureFetcher>();
        builder.Services.AddHealthChecks().AddCheck<SignaturesHealth>("signatures", tags: ["ready"]);
        return builder;
    }
}

/// <summary>Degraded while a list is left out, in part or whole.</summary>
internal sealed class SignaturesHealth(SignatureLibrary library) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(library.Lists.FirstOrDefault(list => list.Fault is not null) is { } broken
            ? HealthCheckResult.Degraded($"{broken.File}: {broken.Fault}")
            : HealthCheckResult.Healthy($"{library.Current.Count} known fingerprints in {library.Lists.Count} lists"));
}
