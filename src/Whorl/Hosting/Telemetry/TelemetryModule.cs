using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Hosting.Telemetry;

/// <summary>Logs on standard error, /metrics for Prometheus, and OTLP where an address is configured.</summary>
internal static class TelemetryModule
{
    public static IHostApplicationBuilder AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<TelemetryOptions, TelemetryOptionsValidator>();
        TelemetryOptions options = builder.Configuration.GetSection(TelemetryOptions.Section).Get<TelemetryOptions>() ?? new();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Yarp", LogLevel.Warning);

        // Tells of what peers do: a flood of reset streams makes a critical line of each one, which would fill the log at the attacker's pace.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None);
        if (options.LogFormat == LogFormat.Json)
        {
            builder.Logging.AddJsonConsole(json => json.UseUtcTimestamp = true);
        }
        else
        {
            builder.Logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            });
        }

        // Standard output is for data.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton<MetricStore>();
        builder.Services.AddHostedService<OtlpExport>();
        builder.Services.AddSingleton(new EndpointMap(routes => routes
            .MapGet("/metrics", (MetricStore metrics) => Results.Text(metrics.Text(), "text/plain; version=0.0.4; charset=utf-8"))
            .ExcludeFromDescription()));
        return builder;
    }

    /// <summary>Owns the OpenTelemetry providers while the host runs. Built by hand: the hosting package is not needed for two providers.</summary>
    private sealed class OtlpExport(IOptions<TelemetryOptions> options, IOptions<NodeOptions> node) : IHostedService, IDisposable
    {
        private MeterProvider? _metrics;
        private TracerProvider? _traces;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (options.Value.OtlpEndpoint is { Length: > 0 } endpoint)
            {
                ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("whorl", serviceInstanceId: node.Value.Name);
                void Configure(OtlpExporterOptions otlp) => otlp.Endpoint = new Uri(endpoint);
                _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter("Whorl*", "System.Runtime").AddOtlpExporter(Configure).Build();
                _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Whorl*").AddOtlpExporter(Configure).Build();
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
            _metrics?.Dispose();
            _traces?.Dispose();
        }
    }
}
