using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Decoys;

/// <summary>Decoys: pretends services on addresses of their own and tells what is said to them.</summary>
internal static class DecoysModule
{
    public static IHostApplicationBuilder AddDecoys(this IHostApplicationBuilder builder)
    {
        builder.AddBus();
        builder.AddObjects();
        builder.AddModuleOptions<DecoysOptions, DecoysOptionsValidator>();
        builder.Services.AddSingleton<IValidateOptions<DecoysOptions>, DecoysOptionsCheck>();
        builder.Services.AddSingleton<DecoysMetrics>().AddSingleton<SecretKeeper>().AddSingleton<Teller>().AddSingleton<CertificateMaker>().AddSingleton<ServiceTable>().AddSingleton<DecoysWorker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<DecoysWorker>());
        builder.Services.AddHealthChecks().AddCheck<DecoysHealth>("decoys", tags: ["ready"]);
        builder.Services.AddSingleton<IDoctorCheck, DecoysDoctor>();
        return builder;
    }
}
