using Whorl.Fingerprints.Tcp;

namespace Whorl.Fingerprints.Tests.Tcp;

public sealed class SequenceTests
{
    [Theory]
    [InlineData(IpIdClass.Unknown, 1, 2)]
    [InlineData(IpIdClass.Zero, 0, 0, 0)]
    [InlineData(IpIdClass.Constant, 9, 9, 9)]
    [InlineData(IpIdClass.Incremental, 100, 101, 105, 300)]
    [InlineData(IpIdClass.Incremental, 0xFFFE, 0xFFFF, 0, 3)]
    [InlineData(IpIdClass.IncrementalSwapped, 0xFEFF, 0xFFFF, 0x0000, 0x0100)]
    [InlineData(IpIdClass.IncrementalSwapped, 0x0100, 0x0200, 0x0300)]
    [InlineData(IpIdClass.RandomIncrements, 100, 3000, 9000, 20000, 31000, 40000)]
    [InlineData(IpIdClass.Random, 100, 3000, 9000, 20000)]
    [InlineData(IpIdClass.Random, 50000, 12, 33333, 7, 60000, 1)]
    public void Ip_ids_are_classified_across_the_wrap(IpIdClass expected, params int[] ids)
    {
        IpIdSequence.Classify([.. ids.Select(id => (ushort)id)]).ShouldBe(expected);
    }

    [Theory]
    [InlineData(IsnClass.Unknown, 1u, 2u, 3u)]
    [InlineData(IsnClass.Constant, 7u, 7u, 7u, 7u)]
    [InlineData(IsnClass.FixedStep, 0xFFFF_0600u, 0u, 64000u, 128000u)]
    [InlineData(IsnClass.CommonDivisor, 4294966496u, 0u, 1600u, 2400u)]
    [InlineData(IsnClass.RandomIncrements, 0xFFFFFF00u, 1000u, 7_000_001u, 9_000_000u)]
    [InlineData(IsnClass.Random, 2_000_000_001u, 5u, 3_123_456_789u, 77u)]
    public void Initial_sequence_numbers_are_classified_across_the_wrap(IsnClass expected, params uint[] numbers)
    {
        IsnSequence.Classify(numbers).ShouldBe(expected);
    }

    [Fact]
    public void A_number_that_follows_the_clock_is_seen_with_its_times()
    {
        uint[] numbers = [0xFFFF_FFF0u, 250_000u, 1_010_003u, 1_511_111u];
        TimeSpan[] times = [TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6)];

        IsnSequence.Classify(numbers, times).ShouldBe(IsnClass.TimeBased);
        IsnSequence.Classify(numbers).ShouldBe(IsnClass.RandomIncrements);
    }
}
