using FsCheck;
using FsCheck.Fluent;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Kernel;

public sealed class Uuid7Tests
{
    private static readonly Arbitrary<Guid> Ids = Gen.Choose(0, 255).ListOf(16).Select(bytes => new Guid([.. bytes.Select(b => (byte)b)], bigEndian: true)).ToArbitrary();

    [Fact]
    public void The_text_of_a_known_id_never_changes()
    {
        // The example of RFC 9562, appendix A.6.
        Guid id = Guid.Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");

        Uuid7.Text(id).ShouldBe("01fwhe4ydgfk1shh6w1g60eecf");
        Uuid7.TimeOf(id).ShouldBe(new DateTimeOffset(2022, 2, 22, 19, 22, 22, TimeSpan.Zero));
    }

    [Fact]
    public void Every_id_is_read_back_from_its_text_and_from_its_dashed_form() => Prop.ForAll(Ids, id =>
        Uuid7.TryParse(Uuid7.Text(id), out Guid text) && text == id
        && Uuid7.TryParse(Uuid7.Text(id).ToUpperInvariant(), out Guid upper) && upper == id
        && Uuid7.TryParse(id.ToString("D"), out Guid dashed) && dashed == id).QuickCheckThrowOnFailure();

    [Fact]
    public void Texts_sort_as_ids_do() => Prop.ForAll(Ids, Ids, (a, b) =>
        Math.Sign(string.CompareOrdinal(Uuid7.Text(a), Uuid7.Text(b)))
            == a.ToByteArray(bigEndian: true).AsSpan().SequenceCompareTo(b.ToByteArray(bigEndian: true)) switch { < 0 => -1, 0 => 0, _ => 1 }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_time_of_an_id_is_when_it_was_made_and_no_id_of_that_time_is_smaller_than_the_first()
    {
        ManualClock clock = new();
        for (int i = 0; i < 1000; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1 + (i * 7919)));
            Guid id = Uuid7.New(clock);

            Uuid7.TimeOf(id).ShouldBe(clock.GetUtcNow());
            string.CompareOrdinal(Uuid7.Text(id), Uuid7.Text(Uuid7.FirstAt(clock.GetUtcNow()))).ShouldBeGreaterThan(0);
            string.CompareOrdinal(Uuid7.Text(id), Uuid7.Text(Uuid7.FirstAt(clock.GetUtcNow().AddMilliseconds(1)))).ShouldBeLessThan(0);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("01fwhe4ydgfk1shh6w1g60eec")]
    [InlineData("01fwhe4ydgfk1shh6w1g60eecff")]
    [InlineData("81fwhe4ydgfk1shh6w1g60eecf")]
    [InlineData("01fwhe4ydgfk1shh6w1g60eecu")]
    [InlineData("01fwhe4ydgfk1shh6w1g60eec☃")]
    [InlineData("{017F22E2-79B0-7CC3-98C4-DC0C0C07398F}")]
    public void What_is_no_id_is_refused(string text) => Uuid7.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void What_a_person_misreads_is_read_as_meant()
    {
        Uuid7.TryParse("O1FWHE4YDGFK1SHH6WIG6OEECF", out Guid id).ShouldBeTrue();

        id.ShouldBe(Guid.Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
    }

    [Fact]
    public void A_time_field_that_no_date_can_hold_is_the_last_date() =>
        Uuid7.TimeOf(new Guid([255, 255, 255, 255, 255, 255, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0], bigEndian: true)).Year.ShouldBe(9999);
}
