using System.Diagnostics.Metrics;

namespace Whorl.Analysis.Rotations;

/// <summary>What rotations count.</summary>
internal sealed class RotationsMetrics
{
    private readonly Counter<long> _sightings;
    private readonly Counter<long> _rotations;

    public RotationsMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create("Whorl.Rotations");
        _sightings = meter.CreateCounter<long>("whorl.rotation.sight", "{sighting}", "Fingerprints that probes brought.");
        _rotations = meter.CreateCounter<long>("whorl.rotation.declare", "{rotation}", "Changes of a fingerprint that were confirmed.");
    }

    public void Sighted(int count) => _sightings.Add(count);

    public void Declared(Rotation rotation) => _rotations.Add(1, new("probe", rotation.Probe), new KeyValuePair<string, object?>("kind", rotation.Returned ? "returned" : "rotated"));
}
