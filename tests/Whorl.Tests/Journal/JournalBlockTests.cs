using System.Text;
using System.Text.Json;
using Whorl.Analysis.Journal;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Journal;

public sealed class JournalBlockTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Our_own_batches_are_stored_as_the_bytes_they_are()
    {
        byte[] json = JournalContract.Batch([Seen(), Seen()]);

        ObservationBatch block = JournalBlock.Read("a", json)!.Single();

        block.Count.ShouldBe(2);
        block.Json.ShouldBe(json);
    }

    [Fact]
    public void First_and_last_are_the_smallest_and_largest_id_whatever_the_order()
    {
        Observation[] seen = [Seen(), Seen(), Seen()];

        ObservationBatch block = JournalBlock.Read("a", JournalContract.Batch([seen[1], seen[2], seen[0]]))!.Single();

        (block.First, block.Last).ShouldBe((seen[0].Id, seen[2].Id));
    }

    [Fact]
    public void A_batch_in_another_layout_is_written_anew_with_all_its_events()
    {
        Observation seen = Seen();
        string one = Encoding.UTF8.GetString(CloudEvents.Write(seen));
        byte[] other = Encoding.UTF8.GetBytes("[ " + one.Replace("{\"specversion\":\"1.0\",", "{ \"specversion\" : \"1.0\" ,", StringComparison.Ordinal) + " ]");

        JournalBlock.Read("a", other)!.Single().Json.ToArray().ShouldBe(JournalContract.Batch([seen]));
        JournalBlock.Read("a", Encoding.UTF8.GetBytes(one))!.Single().Json.ToArray().ShouldBe(JournalContract.Batch([seen]));
    }

    [Fact]
    public void Every_truncation_and_every_changed_byte_gives_blocks_or_nothing_and_never_throws()
    {
        byte[] json = JournalContract.Batch([Seen(), Seen()]);
        for (int n = 0; n < json.Length; n++)
        {
            JournalBlock.Read("a", json.AsMemory(0, n));
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] changed = [.. json];
                changed[n] ^= (byte)(1 << bit);
                (JournalBlock.Read("a", changed)?.Sum(block => block.Count) ?? 0).ShouldBeLessThanOrEqualTo(2);
            }
        }

        JournalBlock.Read("a", "nothing of the kind"u8.ToArray()).ShouldBeNull();
    }

    private Observation Seen()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        return new(ObservationId.New(_clock), "a", _clock.GetUtcNow(), "node", new Subject("ip:192.0.2.1"), JsonDocument.Parse("""{"x":"y"}""").RootElement);
    }
}
