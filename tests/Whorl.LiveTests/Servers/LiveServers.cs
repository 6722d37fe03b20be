using Whorl.LiveTests.Servers;

[assembly: AssemblyFixture(typeof(LiveServers))]

namespace Whorl.LiveTests.Servers;

/// <summary>Servers that all tests of this run share; each starts when the first test asks for it. Tests that stop a server start their own.</summary>
public sealed class LiveServers : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> _postgres = new(PostgresServer.StartNewAsync);
    private readonly Lazy<Task<RabbitServer>> _rabbit = new(RabbitServer.StartNewAsync);

    internal Task<PostgresServer> PostgresAsync() => _postgres.Value;

    internal Task<RabbitServer> RabbitAsync() => _rabbit.Value;

    public async ValueTask DisposeAsync()
    {
        if (_postgres is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _postgres.Value).DisposeAsync();
        }

        if (_rabbit is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _rabbit.Value).DisposeAsync();
        }
    }
}
