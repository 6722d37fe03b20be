using Whorl.Analysis.Decisions.Tables;

namespace Whorl.Tests.Decisions;

public sealed class AddressSieveTests
{
    [Fact]
    public void No_address_of_a_range_is_ever_denied()
    {
        Random random = new(11);
        for (int round = 0; round < 200; round++)
        {
            AddressSieve v4 = new(), v6 = new();
            uint first4 = (uint)random.NextInt64(1L << 32), last4 = first4 + Math.Min(uint.MaxValue - first4, (uint)(1L << random.Next(32)) - 1);
            ulong first6 = (ulong)random.NextInt64(), last6 = first6 + (1UL << random.Next(56)) - 1;
            v4.Add(first4, last4);
            v6.Add(first6, last6);
            for (int i = 0; i < 50; i++)
            {
                v4.MayHold(first4 + (uint)random.NextInt64((long)last4 - first4 + 1)).ShouldBeTrue();
                v6.MayHold(first6 + (ulong)random.NextInt64((long)(last6 - first6) + 1)).ShouldBeTrue();
            }

            v4.MayHold(first4).ShouldBeTrue();
            v4.MayHold(last4).ShouldBeTrue();
            v6.MayHold(first6).ShouldBeTrue();
            v6.MayHold(last6).ShouldBeTrue();
        }
    }

    [Fact]
    public void Most_strangers_are_denied_beside_a_million_ranges()
    {
        Random random = new(12);
        AddressSieve v4 = new(), v6 = new();
        for (int i = 0; i < 1_000_000; i++)
        {
            uint one = (uint)random.NextInt64(1L << 32);
            ulong net = (ulong)random.NextInt64(1L << 61);
            v4.Add(one, one);
            v6.Add(net, net);
        }

        Enumerable.Range(0, 10_000).Count(_ => v4.MayHold((uint)random.NextInt64(1L << 32))).ShouldBeLessThan(1000);
        Enumerable.Range(0, 10_000).Count(_ => v6.MayHold((ulong)random.NextInt64(1L << 61))).ShouldBeLessThan(2000);
    }

    [Fact]
    public void A_range_too_wide_to_mark_opens_the_sieve()
    {
        AddressSieve sieve = new();
        sieve.MayHold(5UL).ShouldBeFalse();
        sieve.Add(0x2000_0000_0000_0000UL, 0x3FFF_FFFF_FFFF_FFFFUL);
        sieve.MayHold(5UL).ShouldBeTrue();
    }
}
