using System.Text.Json;
using Whorl.Bus;

namespace Whorl.Sources.Probes;

/// <summary>What the prober is doing.</summary>
internal enum ProberState
{
    Running,
    Paused,
    Stopped,
}

/// <summary>
/// Takes orders off the bus, and remembers the last over restarts: <c>pause</c> lets visits in work end and begins none, <c>stop</c> breaks them off too,
/// <c>resume</c> goes on. An order that names a node is for that node alone.
/// </summary>
internal sealed class ProberControl(ProbesStore store, ILogger<ProberControl> log) : IDisposable
{
    /// <summary>Orders: <c>{"action":"pause"}</c>, with <c>"node"</c> for one node alone.</summary>
    public const string ControlTopic = "prober.control";

    /// <summary>What a prober does and has, every 30 seconds.</summary>
    public const string HealthTopic = "prober.health";

    private readonly Lock _gate = new();
    private CancellationTokenSource _work = new();
    private ProberState _state;

    public ProberState State => _state;

    /// <summary>Ends visits in work when told to stop.</summary>
    public CancellationToken Work
    {
        get
        {
            lock (_gate)
            {
                return _work.Token;
            }
        }
    }

    /// <summary>Goes on as it was told before the restart.</summary>
    public async Task ResumeAsync(CancellationToken cancel)
    {
        if (Enum.TryParse(await store.StateAsync(cancel), out ProberState state))
        {
            Set(state);
        }
    }

    public async Task TakeAsync(BusMessage message, CancellationToken cancel)
    {
        (string? action, string? node) = Read(message);
        if (node is not null && node != store.Node)
        {
            return;
        }

        ProberState state = action switch
        {
            "pause" => ProberState.Paused,
            "resume" => ProberState.Running,
            "stop" => ProberState.Stopped,
            _ => throw new PoisonMessageException($"A message under {ControlTopic} asks for no pause, resume or stop."),
        };

        // First what it does, then what it remembers: with the store away it obeys all the same.
        Set(state);
        ProbesLog.Told(log, action);
        await store.SetStateAsync(state.ToString(), cancel);
    }

    public void Dispose() => _work.Dispose();

    private static (string? Action, string? Node) Read(BusMessage message)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(message.Body);
            return (Text(document.RootElement, "action"), Text(document.RootElement, "node"));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void Set(ProberState state)
    {
        lock (_gate)
        {
            if (state == ProberState.Stopped)
            {
                _work.Cancel();
            }
            else if (_work.IsCancellationRequested)
            {
                _work.Dispose();
                _work = new();
            }

            _state = state;
        }
    }
}
