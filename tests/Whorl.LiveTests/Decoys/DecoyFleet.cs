using Whorl.LiveTests.Capture;
using Whorl.LiveTests.Processes;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Decoys;

/// <summary>The real executable with one decoy on a loopback address of its own, and what it stored.</summary>
internal sealed class DecoyFleet : IAsyncDisposable
{
    /// <summary>Added to every port, so that no server of this machine stands in the way.</summary>
    public const int Offset = 20_000;

    private static int _last = Environment.ProcessId % 200;

    private readonly TempFolder _personas;

    private DecoyFleet(WhorlProcess whorl, TempFolder personas, string address) => (Whorl, _personas, Address) = (whorl, personas, address);

    public WhorlProcess Whorl { get; }

    public string Address { get; }

    public static async Task<DecoyFleet> StartAsync(string persona, params (string Key, string Value)[] settings)
    {
        TempFolder personas = new();
        await File.WriteAllTextAsync(personas.File("live.yaml"), "name: live\nhost: srv1\ndomain: test.example\n" + persona);
        string address = $"127.91.{Environment.ProcessId / 250 % 250}.{Interlocked.Increment(ref _last)}";
        Dictionary<string, string?> all = new(StringComparer.Ordinal)
        {
            ["Decoys:Personas:0"] = personas.Path,
            ["Decoys:Fleet:0:Name"] = "live",
            ["Decoys:Fleet:0:Addresses:0"] = address,
            ["Decoys:Fleet:0:Persona"] = "live",
            ["Decoys:Fleet:0:PortOffset"] = $"{Offset}",
        };
        foreach ((string key, string value) in settings)
        {
            all[key] = value;
        }

        WhorlProcess whorl = await WhorlProcess.StartAsync(all, null, "run", "--roles", "decoy,analyst,console");
        int places = persona.Split("service:").Length - 1;
        await whorl.UntilHealthSaysAsync($"listening on {places} of {places} places", TimeSpan.FromSeconds(30));
        return new DecoyFleet(whorl, personas, address);
    }

    public static string Port(int usual) => $"{usual + Offset}";

    /// <summary>The stored observations of a kind, as soon as there are so many.</summary>
    public async Task<IReadOnlyList<Stored>> WaitAsync(string kind, int count = 1)
    {
        IReadOnlyList<Stored> found = [];
        await Whorl.UntilAsync(
            async () => (found = [.. (await StoredObservations.ReadAsync(Whorl.Data)).Where(stored => stored.Kind == kind)]).Count >= count,
            $"having stored {count} of {kind}",
            TimeSpan.FromSeconds(30));
        return found;
    }

    /// <summary>The stored observation of a kind that is meant, as soon as it is there.</summary>
    public async Task<Stored> WaitAsync(string kind, Func<Stored, bool> meant)
    {
        Stored? found = null;
        await Whorl.UntilAsync(
            async () => (found = (await StoredObservations.ReadAsync(Whorl.Data)).FirstOrDefault(stored => stored.Kind == kind && meant(stored))) is not null,
            $"having stored the {kind} that is meant",
            TimeSpan.FromSeconds(30));
        return found!;
    }

    public async ValueTask DisposeAsync()
    {
        await Whorl.DisposeAsync();
        _personas.Dispose();
    }
}
