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
    private readonly Dictionary<(PeerAddress, string, string), DateTimeOffset> _told = [];

    public IReadOnlyList<Observation> Match(Observation observation)
    {
        SignatureSet signatures = library.Current;
        List<Observation> found = [];
        foreach (SeenFingerprint seen in SignatureKinds.In(observation))
        {
            foreach (Signature signature in signatures.Match(seen.Kind, seen.Value))
            {
                if (IsNew(seen, signature.Label))
                {
                    found.Add(Tell(observation, seen, signature));
                }
            }
        }

        return found;
    }

    private bool IsNew(SeenFingerprint seen, string label)
    {
        DateTimeOffset now = clock.GetUtcNow();
        (PeerAddress, string, string) key = (seen.Owner, seen.Value, label);
        lock (_gate)
        {
            if (_told.TryGetValue(key, out DateTimeOffset told) && now - told < options.Value.Window)
            {
                return false;
            }

            if (_told.Count >= MaxTold)
            {
                _told.Clear();
            }

            _told[key] = now;
            return true;
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
