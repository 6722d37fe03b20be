using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Analysis.Rotations;

/// <summary>A fingerprint that changed, and stayed changed.</summary>
/// <param name="Number">How many changes of this probe on this port there were, this one included.</param>
/// <param name="Returned">Whether the new value had been this address's before.</param>
/// <param name="OldFirst">When the old value was first seen, in the spell that ended.</param>
/// <param name="Evidence">The observations that showed the new value.</param>
internal sealed record Rotation(
    ObservationId Id, PeerAddress Address, int Port, string Probe, int Number, bool Returned, string Old, string New, DateTimeOffset Time,
    DateTimeOffset OldFirst, DateTimeOffset OldLast, string Evidence)
{
    public Observation ToObservation(string sensor)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("source.ip", Address.ToString());
            json.WriteString("evidence", Evidence);
            if (Port > 0)
            {
                json.WriteNumber("target.port", Port);
            }

            json.WriteString("probe.name", Probe);
            json.WriteString("rotation.kind", Returned ? "returned" : "rotated");
            json.WriteString("rotation.old", Old);
            json.WriteString("rotation.new", New);
            json.WriteNumber("rotation.count", Number);
            json.WriteString("rotation.old_first", OldFirst.UtcDateTime);
            json.WriteString("rotation.old_last", OldLast.UtcDateTime);
            json.WriteEndObject();
        }

        return new(Id, FindingKinds.Rotated, Time, sensor, Subject.Ip(Address), JsonSerializer.Deserialize<JsonElement>(text.ToArray()));
    }
}

/// <summary>What sightings amounted to.</summary>
/// <param name="Rotations">Changes that are sure.</param>
/// <param name="Doubtful">Sightings of another value than the one that holds: seen again they are a rotation, else noise.</param>
internal sealed record Recorded(IReadOnlyList<Rotation> Rotations, IReadOnlyList<Sighting> Doubtful);

/// <summary>One spell of one value.</summary>
internal sealed record FingerprintSpell(int Port, string Probe, string Value, DateTimeOffset First, DateTimeOffset Last, int Spells, bool IsCurrent);

/// <summary>All that is known of an address's fingerprints over time.</summary>
/// <param name="Unsteady">How often, by port and probe, a value was seen once and not again: noise, or a server that makes up its fingerprint.</param>
internal sealed record FingerprintHistory(IReadOnlyList<FingerprintSpell> Values, IReadOnlyList<Rotation> Rotations, IReadOnlyDictionary<(int Port, string Probe), int> Unsteady)
{
    public static FingerprintHistory None { get; } = new([], [], new Dictionary<(int, string), int>());
}
