using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Bus.RabbitMq;
using Whorl.Kernel;

namespace Whorl.Bus;

/// <summary>
/// Starts the bus first and ends it last: when every other service has stopped, observations still in the outbox are published and messages
/// still queued are handled. A module that must handle them to the end therefore leaves its subscription to this.
/// </summary>
internal sealed class BusWorker(IBusEngine bus, ObservationOutbox outbox) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await bus.StartAsync(cancellationToken);
        outbox.Start();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await outbox.CompleteAsync(cancellationToken);
        await bus.CompleteAsync(cancellationToken);
    }
}

/// <summary>Ready while messages reach the broker.</summary>
internal sealed class BusHealth(IBusEngine bus) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(bus.IsConnected ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("No connection to the broker: messages go to the spool."));
}

/// <summary>What <c>whorl doctor</c> says about the bus.</summary>
internal sealed class BusDoctor(IOptions<BusOptions> options) : IDoctorCheck
{
    public async Task<DoctorFinding> CheckAsync(CancellationToken cancel) => options.Value.Provider == BusProvider.Channels
        ? new("bus: in process", true, "messages stay within this process", null)
        : await RabbitConnection.ProbeAsync(options.Value.ReadUri(), cancel);
}
