using System.Buffers;
using System.Text.Json;
using Whorl.Sources.Decoys.Listening;

namespace Whorl.Sources.Decoys;

/// <summary>How the decoys of one node are, as it says on the bus every ten seconds for consoles to show.</summary>
internal static class DecoysBeat
{
    public const string Topic = "decoys.health";

    // Places that one message names; of a larger fleet the rest is counted.
    private const int MaxPlaces = 1000;

    public static byte[] Write(string node, DateTimeOffset now, IReadOnlyList<DecoyPost> posts, bool objectsFull)
    {
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("node", node);
            json.WriteString("time", now);
            json.WriteBoolean("objects_full", objectsFull);
            json.WriteNumber("more", Math.Max(0, posts.Count - MaxPlaces));
            json.WriteStartArray("places");
            foreach (DecoyPost post in posts.Take(MaxPlaces))
            {
                Write(json, post);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, DecoyPost post)
    {
        json.WriteStartObject();
        json.WriteString("decoy", post.Place.Decoy);
        json.WriteString("persona", post.Place.Persona.Name);
        json.WriteString("service", post.Place.Service.Name);
        json.WriteString("place", post.Place.ToString());
        json.WriteBoolean("listening", post.IsListening);
        json.WriteString("fault", post.Fault ?? "");
        json.WriteString("hint", post.Hint ?? "");
        json.WriteNumber("open", post.Open);
        json.WriteNumber("taken", post.Taken);
        json.WriteNumber("turned_away", post.TurnedAway);
        json.WriteEndObject();
    }
}
