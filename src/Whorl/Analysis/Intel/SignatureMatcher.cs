using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Whorl.Fingerprints.Matching;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>Finds known fingerprints in observations. One address with one of them is told once a window, as far as memory reaches.</summary>
internal sealed class SignatureMatcher(SignatureLibrary library, IOptions<SignaturesOptions> options, IOptions<NodeOptions> node, TimeProvider clock)
{
    // Labels are rare; this many addresses with one are a flood, and then some are told twice.
    private const int MaxTold = 65_536;

    private readonly Lock _gate = new();
    private readonly Dictionary<(Subject, string?, string?), DateTimeOffset> _told = [];

    /// <summary>What is known of an observation's fingerprints and was not told a window ago; it counts as told once <see cref="Told"/> says so.</summary>
    public IReadOnlyList<Observation> Match(Observation observation)
    {
        SignatureSet signatures = library.Current;
        List<Observation> found = [];
        foreach (SeenFingerprint seen in SignatureKinds.In(observation))
        {
            found.AddRange(signatures.Match(seen.Kind, seen.Value).Select(signature => Tell(observation, seen, signature)).Where(IsNew));
        }

        return found;
    }

    /// <summary>What was published is not told again for a window. What could not be is found again when its evidence is delivered again.</summary>
    public void Told(IEnumerable<Observation> published)
    {
        DateTimeOffset now = clock.GetUtcNow();
        lock (_gate)
        {
            foreach (Observation observation in published)
            {
                if (_told.Count >= MaxTold)
                {
                    _told.Clear();
                }

                _told[KeyOf(observation)] = now;
            }
        }
    }

    /// <summary>Whose fingerprint has which label.</summary>
    public static (Subject Owner, string? Value, string? Label) KeyOf(Observation match) => (match.Subject, match.Text("signature.value"), match.Text("signature.label"));

    private bool IsNew(Observation match)
    {
        lock (_gate)
        {
            return !_told.TryGetValue(KeyOf(match), out DateTimeOffset told) || clock.GetUtcNow() - told >= options.Value.Window;
        }
    }

    private Observation Tell(Observation of, SeenFingerprint seen, Signature signature)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("source.ip", seen.Owner.ToString());
            json.WriteString("evidence", of.Id.ToString());
            json.WriteString("signature.label", signature.Label);
            json.WriteString("signature.kind", SignatureKinds.NameOf(seen.Kind));
            json.WriteString("signature.value", seen.Value);
            json.WriteString("signature.source", signature.Source);
            if (seen.Port is { } port)
            {
                json.WriteNumber("target.port", port);
            }

            json.WriteEndObject();
        }

        return new(IdFor(of.Id, signature.Label), FindingKinds.SignatureMatched, of.Time, node.Value.Name, Subject.Ip(seen.Owner), JsonSerializer.Deserialize<JsonElement>(text.ToArray()));
    }

    // The moment is the evidence's, the rest follows from it and the label: what is delivered twice is one observation.
    private static ObservationId IdFor(ObservationId evidence, string label)
    {
        Span<byte> bytes = stackalloc byte[16];
        evidence.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        byte[] hash = SHA256.HashData([.. bytes, .. Encoding.UTF8.GetBytes(label)]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (BinaryPrimitives.ReadUInt64BigEndian(hash) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000);
        return new(new Guid(bytes, bigEndian: true));
    }
}
