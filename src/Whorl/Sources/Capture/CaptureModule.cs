using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Capture.Listening;

namespace Whorl.Sources.Capture;

/// <summary>Capture: sees the packets of interfaces and tells what they say about who sent them.</summary>
internal static class CaptureModule
{
    public static IHostApplicationBuilder AddCapture(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<CaptureOptions, CaptureOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<CaptureOptions>, CaptureOptionsCheck>();
        builder.Services.AddSingleton<CaptureMetrics>().AddSingleton<ShardMaker>().AddSingleton<CaptureWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ShardMaker>());
        builder.Services.AddHostedService(services => services.GetRequiredService<CaptureWorker>());
        builder.Services.AddHealthChecks().AddCheck<CaptureHealth>("capture", tags: ["ready"]);
        builder.Services.AddSingleton<IDoctorCheck, CapturePrivilegeDoctor>().AddSingleton<IDoctorCheck, CaptureLibraryDoctor>().AddSingleton<IDoctorCheck, CaptureInterfaceDoctor>();
        return builder;
    }
}
