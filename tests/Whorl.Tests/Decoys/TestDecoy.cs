using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Content;
using Whorl.Sources.Decoys;
using Whorl.Sources.Decoys.Listening;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decoys;

/// <summary>One service of a persona on a loopback port, with the sink that its observations go to.</summary>
internal sealed class TestDecoy : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestMeters _meters = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly DecoyPost _post;

    /// <param name="service">The service's entry as it stands in a persona file.</param>
    /// <param name="rest">Further keys of the persona.</param>
    public TestDecoy(string service, string rest = "", Action<DecoysOptions>? configure = null, TimeProvider? clock = null)
    {
        Persona = Read($"name: test\nhost: srv1\ndomain: test.example\n{rest}\nservices:\n  - {service}\n");
        DecoysOptions options = new();
        configure?.Invoke(options);
        IOptions<NodeOptions> node = Options.Create(new NodeOptions { Name = "test", Data = _folder.Path });
        IOptions<DecoysOptions> decoys = Options.Create(options);
        clock ??= TimeProvider.System;
        Objects = new ObjectStore(Options.Create(new ObjectOptions()), node, clock);
        Metrics = new DecoysMetrics(_meters);
        Teller teller = new(Sink, node, decoys, new SecretKeeper(decoys, node), Objects, Metrics, clock);
        DecoyPlace place = new("decoy-1", Persona, Persona.Services[0], new IPEndPoint(IPAddress.Loopback, 0));
        ServiceTable services = new(new CertificateMaker(node, clock));
        SourceTable sources = new(options.Limits, clock);
        ILogger log = NullLogger.Instance;
        _post = place.Service.IsDatagram
            ? new DatagramPost(place, ServiceTable.Datagram(place), sources, teller, log)
            : new StreamPost(place, services.Stream(place), sources, teller, log);
        _post.Step(_stop.Token);
        _post.Fault.ShouldBeNull();
    }

    public Persona Persona { get; }

    public ObservationList Sink { get; } = new();

    public ObjectStore Objects { get; }

    public DecoysMetrics Metrics { get; }

    public DecoyPost Post => _post;

    public IPEndPoint EndPoint => _post.BoundTo!;

    public static Persona Read(string yaml)
    {
        List<ContentFault> faults = [];
        Persona? persona = PersonaReader.Read("test.yaml", yaml, faults);
        faults.ShouldBeEmpty();
        return persona!;
    }

    public async Task<DecoyClient> ConnectAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint);
        return new DecoyClient(socket);
    }

    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _post.Close();
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(10));
        await _post.EndedAsync(late.Token);
        _meters.Dispose();
        _folder.Dispose();
        _stop.Dispose();
    }
}

/// <summary>Observations in the order they were told; waits for those that are still to come.</summary>
internal sealed class ObservationList : IObservationSink
{
    private readonly List<Observation> _list = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool TryPublish(Observation observation)
    {
        TaskCompletionSource changed;
        lock (_list)
        {
            _list.Add(observation);
            (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.TrySetResult();
        return true;
    }

    public bool TryPublish(ObservationBatch batch) => throw new NotSupportedException();

    public IReadOnlyList<Observation> Of(string kind)
    {
        lock (_list)
        {
            return [.. _list.Where(observation => observation.Kind == kind)];
        }
    }

    /// <summary>The observations of a kind as soon as there are so many.</summary>
    public async Task<IReadOnlyList<Observation>> WaitAsync(string kind, int count = 1)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (true)
        {
            Task changed;
            lock (_list)
            {
                changed = _changed.Task;
            }

            if (Of(kind) is var found && found.Count >= count)
            {
                return found;
            }

            await changed.WaitAsync(late.Token);
        }
    }
}

/// <summary>A client that says and hears bytes, one character each.</summary>
internal sealed class DecoyClient(Socket socket) : IDisposable
{
    private readonly StringBuilder _heard = new();

    public Socket Socket => socket;

    public async Task SayAsync(string latin1) => await socket.SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SayAsync(byte[] bytes) => await socket.SendAsync(bytes);

    /// <summary>What was heard up to and with a text.</summary>
    public async Task<string> HearAsync(string until)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        byte[] buffer = new byte[4096];
        int found;
        while ((found = _heard.ToString().IndexOf(until, StringComparison.Ordinal)) < 0)
        {
            int read = await socket.ReceiveAsync(buffer, late.Token);
            read.ShouldBeGreaterThan(0, $"ended before '{until}': {_heard}");
            _heard.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        string heard = _heard.ToString(0, found + until.Length);
        _heard.Remove(0, heard.Length);
        return heard;
    }

    public async Task<string> AskAsync(string say, string until)
    {
        await SayAsync(say);
        return await HearAsync(until);
    }

    /// <summary>All that comes until the decoy closes.</summary>
    public async Task<string> HearAllAsync()
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, late.Token) is > 0 and int read)
            {
                _heard.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (SocketException)
        {
            // A reset ends it, too.
        }

        string heard = _heard.ToString();
        _heard.Clear();
        return heard;
    }

    public void EndSaying() => socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => socket.Dispose();
}
