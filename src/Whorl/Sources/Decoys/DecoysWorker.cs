using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Kernel.Content;
using Whorl.Sources.Decoys.Listening;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Stores.Objects;

namespace Whorl.Sources.Decoys;

/// <summary>Keeps a post at every place of the fleet.</summary>
internal sealed class DecoysWorker(
    IOptions<DecoysOptions> options, IOptions<NodeOptions> node, ServiceTable services, Teller teller, ObjectStore objects, IBus bus, TimeProvider clock, ILogger<DecoysWorker> log)
    : BackgroundService
{
    // How soon an address that came, or a port that became free, is taken.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // Steps from one word about the fleet to the next.
    private const int StepsPerBeat = 5;

    private readonly SourceTable _sources = new(options.Value.Limits, clock);
    private volatile IReadOnlyList<DecoyPost> _posts = [];
    private bool _saidFull;

    public IReadOnlyList<DecoyPost> Posts => _posts;

    public ObjectStore Objects => objects;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _posts = [.. Places().Select(Post)];
        if (_posts.Count == 0)
        {
            DecoysLog.NoFleet(log);
            return;
        }

        using PeriodicTimer timer = new(Interval, clock);
        try
        {
            int steps = 0;
            do
            {
                Step(stoppingToken);
                if (steps++ % StepsPerBeat == 0)
                {
                    await bus.PublishAsync(new(DecoysBeat.Topic, DecoysBeat.Write(node.Value.Name, clock.GetUtcNow(), _posts, objects.Refused > 0), "application/json"), stoppingToken);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
        finally
        {
            foreach (DecoyPost post in _posts)
            {
                post.Close();
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (DecoyPost post in _posts)
        {
            await post.EndedAsync(cancellationToken);
        }
    }

    private void Step(CancellationToken stop)
    {
        foreach (DecoyPost post in _posts)
        {
            post.Step(stop);
        }

        if (objects.Refused > 0 && !_saidFull)
        {
            _saidFull = true;
            DecoysLog.ObjectsFull(log, objects.Budget / 1024 / 1024);
        }
    }

    private IEnumerable<DecoyPlace> Places()
    {
        List<ContentFault> faults = [];
        IReadOnlyDictionary<string, Persona> personas = PersonaFiles.Read(options.Value.PersonaFolders(node.Value.Data), faults);
        foreach (DecoyOptions decoy in options.Value.Fleet)
        {
            // The check of the options made sure of it; a file removed since then is no reason to fall over.
            if (personas.TryGetValue(decoy.Persona, out Persona? persona))
            {
                foreach (IPAddress address in decoy.Parsed())
                {
                    foreach (PersonaService service in persona.Services)
                    {
                        yield return new(decoy.Name, persona, service, new IPEndPoint(address, service.Port + decoy.PortOffset));
                    }
                }
            }
        }
    }

    private DecoyPost Post(DecoyPlace place) => place.Service.IsDatagram
        ? new DatagramPost(place, ServiceTable.Datagram(place), _sources, teller, log)
        : new StreamPost(place, services.Stream(place), _sources, teller, log);
}

/// <summary>Degraded while a place is not listened on, or nothing more can be kept; never unready, because nothing else depends on it.</summary>
internal sealed class DecoysHealth(DecoysWorker worker) : IHealthCheck
{
    // Enough to see what is wrong; a fleet can have hundreds of places.
    private const int Named = 5;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<DecoyPost> posts = worker.Posts;
        List<string> faults = [.. posts.Where(post => post.Fault is not null).Select(post => $"{post.Place.Decoy} {post.Place.Service.Name} {post.Place}: {post.Fault}")];
        string says = posts.Count == 0 ? "off: Decoys:Fleet is empty" : $"listening on {posts.Count(post => post.IsListening)} of {posts.Count} places";
        says = string.Join("; ", faults.Take(Named).Prepend(says)) + (faults.Count > Named ? $"; and {faults.Count - Named} more" : "");
        says += worker.Objects.Refused > 0 ? "; the object store is full" : "";
        return Task.FromResult(faults.Count > 0 || worker.Objects.Refused > 0 ? HealthCheckResult.Degraded(says) : HealthCheckResult.Healthy(says));
    }
}
