using System.Text.Json;
using System.Text.Json.Serialization;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions;

/// <summary>
/// One change of the stored decisions. Changes are numbered without gaps in the order in which they were committed,
/// so whoever has applied <see cref="Number"/> - 1 may apply this one, and anyone else has missed something.
/// </summary>
/// <param name="Number">Number of this change; 0 where nothing changed.</param>
/// <param name="Added">Decisions that were not there before.</param>
/// <param name="Ended">Ids of decisions that were ended, in force or not.</param>
internal sealed record DecisionChange(long Number, IReadOnlyList<Decision> Added, IReadOnlyList<DecisionId> Ended)
{
    public static readonly DecisionChange None = new(0, [], []);

    /// <summary>How many of the ended ones were in force.</summary>
    public int EndedInForce { get; init; }
}

/// <summary>A change as it travels under <c>decision.changed</c>. A large one says only its number; who hears it asks the store.</summary>
internal sealed record DecisionMessage(int Version, long Number, bool Whole, IReadOnlyList<DecisionMessage.Item> Added, IReadOnlyList<string> Ended)
{
    public const string ContentType = "application/json";

    /// <summary>Larger changes would hold the bus up; reading them from the store once is cheaper for everyone.</summary>
    public const int MaxItems = 1000;

    // A thousand decisions with long reasons stay far below this; more is no message of ours.
    private const int MaxLength = 4 * 1024 * 1024;

    public static byte[] Write(DecisionChange change)
    {
        bool whole = change.Added.Count + change.Ended.Count <= MaxItems;
        DecisionMessage message = new(1, change.Number, whole,
            whole ? [.. change.Added.Select(Item.Of)] : [],
            whole ? [.. change.Ended.Select(id => id.ToString())] : []);
        return JsonSerializer.SerializeToUtf8Bytes(message, DecisionMessageJson.Default.DecisionMessage);
    }

    /// <summary>False where the body is no such message; <paramref name="whole"/> is false where only the number is known.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out DecisionChange change, out bool whole)
    {
        change = DecisionChange.None;
        whole = false;
        if (body.Length > MaxLength)
        {
            return false;
        }

        try
        {
            if (JsonSerializer.Deserialize(body, DecisionMessageJson.Default.DecisionMessage) is not { Number: > 0, Added: not null, Ended: not null } message)
            {
                return false;
            }

            List<Decision> added = [];
            List<DecisionId> ended = [];
            foreach (Item item in message.Added)
            {
                if (!DecisionId.TryParse(item.Id, out DecisionId id))
                {
                    return false;
                }

                added.Add(new(id, item.Origin, item.Scenario, item.Scope, item.Value, item.Action, item.Until, item.Reason, item.Simulated));
            }

            foreach (string text in message.Ended)
            {
                if (!DecisionId.TryParse(text, out DecisionId id))
                {
                    return false;
                }

                ended.Add(id);
            }

            change = new(message.Number, added, ended);
            whole = message.Whole;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    internal sealed record Item(
        string Id, string Origin, string Scenario, DecisionScope Scope, string Value, DecisionAction Action, DateTimeOffset? Until, string Reason, bool Simulated)
    {
        public static Item Of(Decision decision) => new(
            decision.Id.ToString(), decision.Origin, decision.Scenario, decision.Scope, decision.Value, decision.Action, decision.Until, decision.Reason, decision.Simulated);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DecisionMessage))]
internal sealed partial class DecisionMessageJson : JsonSerializerContext;
