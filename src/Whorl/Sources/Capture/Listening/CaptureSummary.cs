using System.Buffers;
using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Sources.Capture.Listening;

/// <summary>What capture saw since the last summary, for the live view of a console that may run elsewhere.</summary>
internal sealed class CaptureSummary(string sensor, TimeProvider clock)
{
    public const string Kind = "capture.summary";

    // Without traffic, so that a console that was started later still learns what listens and what does not.
    private static readonly TimeSpan QuietInterval = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Row> _before = new(StringComparer.Ordinal);
    private string _statesBefore = "";
    private long _quietUntil = clock.GetTimestamp();

    /// <summary>A summary where there is something to say: traffic, another state, or a long silence. Called once a second.</summary>
    public Observation? Take(IReadOnlyList<ListeningPost> posts, string? off)
    {
        List<(ListeningPost Post, Row Grown)> rows = [.. posts.Select(post => (post, Grown(post)))];
        string states = off + string.Join('\n', posts.Select(post => $"{post.Point.Text} {post.IsListening} {post.Fault?.Reason}"));
        bool quiet = rows.TrueForAll(row => row.Grown.Source is { Frames: 0, KernelDrops: 0 } && row.Grown.Shard is { Observations: 0, Dropped: 0 });
        if (quiet && states == _statesBefore && clock.GetTimestamp() < _quietUntil)
        {
            return null;
        }

        _statesBefore = states;
        _quietUntil = clock.GetTimestamp() + (long)(QuietInterval.TotalSeconds * clock.TimestampFrequency);
        return new(ObservationId.New(clock), Kind, clock.GetUtcNow(), sensor, new($"sensor:{sensor}"), Write(rows, off));
    }

    private Row Grown(ListeningPost post)
    {
        Row now = new(post.Source, post.Shard), before = _before.GetValueOrDefault(post.Point.Text);
        _before[post.Point.Text] = now;
        return now.Since(before);
    }

    private static JsonElement Write(List<(ListeningPost Post, Row Grown)> rows, string? off)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            Row all = default;
            rows.ForEach(row => all = all.Plus(row.Grown));
            Numbers(json, all);
            if (off is not null)
            {
                json.WriteString("capture.off", off);
            }

            json.WriteStartArray("capture.interfaces");
            foreach ((ListeningPost post, Row grown) in rows)
            {
                json.WriteStartObject();
                json.WriteString("capture.interface", post.Point.Text);
                json.WriteString("capture.state", post.IsListening ? "listening" : "failed");
                if (post.Fault is { } fault)
                {
                    json.WriteString("capture.reason", fault.Reason);
                    json.WriteString("capture.hint", CaptureHint.For(fault.Kind));
                }

                Numbers(json, grown);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static void Numbers(Utf8JsonWriter json, Row row)
    {
        json.WriteNumber("capture.frames", row.Source.Frames);
        json.WriteNumber("capture.bytes", row.Source.Bytes);
        json.WriteNumber("capture.drops", row.Source.KernelDrops);
        json.WriteNumber("capture.freezes", row.Source.Freezes);
        json.WriteNumber("capture.observations", row.Shard.Observations);
        json.WriteNumber("capture.dropped", row.Shard.Dropped);
        json.WriteNumber("capture.evictions", row.Shard.Evictions);
        json.WriteNumber("capture.flows", row.Shard.Flows);
    }

    private readonly record struct Row(SourceCounters Source, ShardCounters Shard)
    {
        public Row Plus(Row other) => new(
            new(Source.Frames + other.Source.Frames, Source.Bytes + other.Source.Bytes, Source.KernelDrops + other.Source.KernelDrops, Source.Freezes + other.Source.Freezes),
            Shard + other.Shard);

        /// <summary>The growth; conversations are a state and stay as they are.</summary>
        public Row Since(Row before) => new(
            new(Source.Frames - before.Source.Frames, Source.Bytes - before.Source.Bytes, Source.KernelDrops - before.Source.KernelDrops, Source.Freezes - before.Source.Freezes),
            new(Shard.Frames - before.Shard.Frames, Shard.Observations - before.Shard.Observations, Shard.Dropped - before.Shard.Dropped, Shard.Evictions - before.Shard.Evictions, Shard.Flows));
    }
}
