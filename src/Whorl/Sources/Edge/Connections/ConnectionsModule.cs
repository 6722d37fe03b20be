using Whorl.Kernel;

namespace Whorl.Sources.Edge.Connections;

/// <summary>What the edge knows of a connection before HTTP: who connected, the TLS hello, the SYN, the first bytes.</summary>
internal static class ConnectionsModule
{
    // The only step so far; one that must see bytes before TLS would come earlier.
    private const int Order = 100;

    public static IHostApplicationBuilder AddConnections(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<TlsOptions, TlsOptionsValidator>();
        builder.Services.AddSingleton<CertificateStore>().AddSingleton<EdgeListening>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CertificateStore>());
        builder.Services.AddSingleton(services => new ConnectionStep(Order, services.GetRequiredService<EdgeListening>().Configure));
        return builder;
    }
}
