using System.Text;
using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Tests.Kernel;

public sealed class CloudEventsTests
{
    private const string Text = """
        {"specversion":"1.0","id":"01jnq5rk80ew1q2k7v0kk3c8gd","source":"/sensors/edge-1","type":"whorl.http.request","subject":"ip:203.0.113.9","time":"2025-03-07T01:02:03.456789Z","dataschema":"urn:whorl:observation:1:http.request","data":{"http.path":"/a?b","http.status":403,"verdict.rules":[{"id":"x"}]}}
        """;

    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes(Text);

    [Fact]
    public void An_observation_is_written_as_exactly_these_bytes()
    {
        ObservationId.TryParse("01jnq5rk80ew1q2k7v0kk3c8gd", out ObservationId id).ShouldBeTrue();
        Observation observation = new(
            id,
            "http.request",
            new DateTimeOffset(2025, 3, 7, 3, 2, 3, TimeSpan.FromHours(2)).AddTicks(4_567_890),
            "edge-1",
            Subject.Ip(PeerAddress.TryParse("203.0.113.9", out PeerAddress address) ? address : default),
            JsonDocument.Parse("""{"http.path":"/a?b","http.status":403,"verdict.rules":[{"id":"x"}]}""").RootElement);

        Encoding.UTF8.GetString(CloudEvents.Write(observation)).ShouldBe(Text);
    }

    [Fact]
    public void What_was_read_is_written_back_as_it_was()
    {
        CloudEvents.TryRead(Bytes, out Observation? observation).ShouldBeTrue();

        Encoding.UTF8.GetString(CloudEvents.Write(observation!)).ShouldBe(Text);
    }

    [Fact]
    public void Fields_of_the_envelope_and_of_the_data_that_are_not_known_survive()
    {
        const string Unknown = """
            "traceparent":"00-ab-cd-01","extra":{"deep":[1,2.50,null]},"data":{"made.up":{"x":[true]},
            """;
        string extended = Text.Replace("\"data\":{", Unknown, StringComparison.Ordinal);

        CloudEvents.TryRead(Encoding.UTF8.GetBytes(extended), out Observation? observation).ShouldBeTrue();

        Encoding.UTF8.GetString(CloudEvents.Write(observation!)).ShouldBe(extended);
    }

    [Fact]
    public void The_schema_of_a_newer_version_survives()
    {
        string newer = Text.Replace("observation:1:", "observation:2:", StringComparison.Ordinal);

        CloudEvents.TryRead(Encoding.UTF8.GetBytes(newer), out Observation? observation).ShouldBeTrue();

        observation!.Schema.ShouldBe("urn:whorl:observation:2:http.request");
        Encoding.UTF8.GetString(CloudEvents.Write(observation)).ShouldBe(newer);
    }

    [Fact]
    public void No_truncation_is_an_observation()
    {
        for (int n = 0; n < Bytes.Length; n++)
        {
            CloudEvents.TryRead(Bytes.AsMemory(0, n), out _).ShouldBeFalse();
            CloudEvents.TryReadBatch(Bytes.AsMemory(0, n), out _).ShouldBeFalse();
        }
    }

    [Fact]
    public void Every_bit_flip_is_refused_or_can_be_written_again()
    {
        for (int n = 0; n < Bytes.Length * 8; n++)
        {
            byte[] changed = [.. Bytes];
            changed[n / 8] ^= (byte)(1 << (n % 8));
            if (CloudEvents.TryRead(changed, out Observation? observation))
            {
                CloudEvents.Write(observation!);
            }
        }
    }

    [Theory]
    [InlineData("\"/a?b\"", "\"\\ud800\"")]
    [InlineData("http.path", "\\uDC00")]
    [InlineData("edge-1", "\\ud83d")]
    public void Half_a_surrogate_pair_is_no_text(string part, string instead)
    {
        byte[] changed = Encoding.UTF8.GetBytes(Text.Replace(part, instead, StringComparison.Ordinal));

        CloudEvents.TryRead(changed, out _).ShouldBeFalse();
        byte[] batch = [.. "["u8, .. changed, (byte)',', .. Bytes, .. "]"u8];
        CloudEvents.TryReadBatch(batch, out IReadOnlyList<Observation> others).ShouldBeTrue();
        others.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("\"1.0\"", "\"2.0\"")]
    [InlineData("whorl.http.request", "other.http.request")]
    [InlineData("01jnq5rk80ew1q2k7v0kk3c8gd", "not-an-id")]
    [InlineData("2025-03-07T01:02:03.456789Z", "yesterday")]
    [InlineData("\"subject\":\"ip:203.0.113.9\",", "")]
    [InlineData("\"data\":{", "\"data\":[],\"more\":{")]
    public void What_is_not_an_observation_of_ours_is_refused_and_passed_over_in_a_batch(string part, string instead)
    {
        string other = Text.Replace(part, instead, StringComparison.Ordinal);
        other.ShouldNotBe(Text);

        CloudEvents.TryRead(Encoding.UTF8.GetBytes(other), out _).ShouldBeFalse();
        CloudEvents.TryReadBatch(Encoding.UTF8.GetBytes($"[{Text},{other},{Text}]"), out IReadOnlyList<Observation> observations).ShouldBeTrue();
        observations.Count.ShouldBe(2);
    }

    [Fact]
    public void An_event_longer_than_the_bound_is_refused() =>
        CloudEvents.TryRead(new byte[CloudEvents.MaxEventLength + 1], out _).ShouldBeFalse();
}
