using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Whorl.Kernel.Outbound;

/// <summary>Wires the outbound guard for modules that turn to others.</summary>
internal static class OutboundModule
{
    public static IHostApplicationBuilder AddOutboundGuard(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(OutboundGuard)))
        {
            return builder;
        }

        builder.AddModuleOptions<OutboundOptions, OutboundOptionsValidator>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new OutboundGuard(
            services.GetRequiredService<IOptions<OutboundOptions>>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<OutboundGuard>>(),
            services.GetService<IDecisionLookup>()));
        builder.Services.AddSingleton<IDoctorCheck, OutboundDoctor>();
        return builder;
    }
}

/// <summary>Can the lists of those who are left alone be applied?</summary>
internal sealed class OutboundDoctor(OutboundGuard guard, IOptions<OutboundOptions> options) : IDoctorCheck
{
    private const string Name = "outbound: lists";

    public Task<DoctorFinding> CheckAsync(CancellationToken cancel) => Task.FromResult(
        guard.Fault is { } fault ? new DoctorFinding(Name, false, fault, "see Outbound:OptOutFile and Outbound:AsnFile")
        : new DoctorFinding(Name, true, options.Value.Allow.Count > 0 ? $"special ranges that may be reached: {string.Join(", ", options.Value.Allow)}" : "only global addresses of others are reached", null));
}
