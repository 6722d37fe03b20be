using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Hosting.Telemetry;

/// <summary>What form log lines have.</summary>
internal enum LogFormat
{
    /// <summary>One line for people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Logs, metrics and traces. Metrics are always served at /metrics of the console server.</summary>
internal sealed class TelemetryOptions : IModuleOptions
{
    public static string Section => "Telemetry";

    /// <summary>Text or Json; on standard error.</summary>
    [EnumDataType(typeof(LogFormat))]
    public LogFormat LogFormat { get; set; }

    /// <summary>Trace, Debug, Information, Warning, Error or Critical.</summary>
    [EnumDataType(typeof(LogLevel))]
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>Where metrics, and traces of modules that write any, are sent by OTLP over gRPC once a minute and at the end, such as http://127.0.0.1:4317; nothing is sent where empty.</summary>
    [Url]
    public string? OtlpEndpoint { get; set; }
}

[OptionsValidator]
internal sealed partial class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>;
