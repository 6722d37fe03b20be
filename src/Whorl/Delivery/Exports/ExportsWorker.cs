using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;

namespace Whorl.Delivery.Exports;

/// <summary>
/// Writes every observation that the bus brings to the files; a message is acknowledged when its lines are on the disk. After a crash the bus brings
/// what was not acknowledged again: a line may then stand twice, with one id.
/// </summary>
internal sealed class ExportsWorker : IHostedLifecycleService, IDisposable
{
    // A full disk is emptied by hand.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ExportsOptions _options;
    private readonly IBus _bus;
    private readonly TimeProvider _clock;
    private readonly ILogger<ExportsWorker> _logger;
    private readonly RotatingFile? _json;
    private readonly RotatingFile? _syslog;
    private readonly SyslogLine _line;
    private readonly ArrayBufferWriter<byte> _jsonLines = new(64 * 1024);
    private readonly ArrayBufferWriter<byte> _syslogLines = new(64 * 1024);

    public ExportsWorker(IOptions<ExportsOptions> options, IBus bus, TimeProvider clock, ILogger<ExportsWorker> logger)
    {
        (_options, _bus, _clock, _logger) = (options.Value, bus, clock, logger);
        _json = FileOf(_options.JsonFile);
        _syslog = FileOf(_options.SyslogFile);
        _line = new(_options.SyslogId, _options.SyslogFacility, Environment.ProcessId);
    }

    /// <summary>Why files cannot be written now; null while they can.</summary>
    public string? Fault { get; private set; }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (_options.IsOn)
        {
            await _bus.SubscribeAsync(new("exports", Topics.ObservationPrefix + "#", Durable: true), WriteAsync, cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _json?.Dispose();
        _syslog?.Dispose();
    }

    /// <summary>Writes the observations of one message to the disk; waits where the disk does not take them.</summary>
    public async Task WriteAsync(BusMessage message, CancellationToken cancel)
    {
        if (!CloudEvents.TryReadBatch(message.Body, out IReadOnlyList<Observation> observations))
        {
            throw new PoisonMessageException($"A message under {message.Topic} is no batch of observations.");
        }

        _jsonLines.ResetWrittenCount();
        _syslogLines.ResetWrittenCount();
        foreach (Observation observation in observations.Where(IsWanted))
        {
            Encode(observation);
        }

        await AppendAsync(_json, _jsonLines.WrittenMemory, cancel);
        await AppendAsync(_syslog, _syslogLines.WrittenMemory, cancel);
    }

    private void Encode(Observation observation)
    {
        if (_json is not null)
        {
            using (Utf8JsonWriter json = new(_jsonLines))
            {
                CloudEvents.Write(json, observation);
            }

            _jsonLines.Write("\n"u8);
        }

        if (_syslog is not null)
        {
            _line.Write(_syslogLines, observation);
        }
    }

    private bool IsWanted(Observation observation) => _options.Kinds.Count == 0 || _options.Kinds.Exists(kind => TopicPattern.Matches(kind, observation.Kind));

    private async Task AppendAsync(RotatingFile? file, ReadOnlyMemory<byte> lines, CancellationToken cancel)
    {
        while (file is not null && !lines.IsEmpty)
        {
            try
            {
                file.Append(lines.Span);
                if (Fault is not null)
                {
                    Fault = null;
                    ExportsLog.WritesAgain(_logger, file.Path);
                }

                return;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                if (Fault is null)
                {
                    ExportsLog.CannotWrite(_logger, file.Path, fault.Message);
                }

                Fault = $"{file.Path}: {fault.Message}";
                await Task.Delay(Patience, _clock, cancel);
            }
        }
    }

    private RotatingFile? FileOf(string path) =>
        path.Length == 0 ? null : new(path, _options.MaxMegabytes * 1024L * 1024L, TimeSpan.FromHours(_options.MaxHours), _options.Keep, _clock, _logger);
}

/// <summary>Degraded while a file cannot be written; observations wait meanwhile.</summary>
internal sealed class ExportsHealth(ExportsWorker worker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(worker.Fault is { } fault ? HealthCheckResult.Degraded(fault) : HealthCheckResult.Healthy("writing, or nothing to write"));
}
