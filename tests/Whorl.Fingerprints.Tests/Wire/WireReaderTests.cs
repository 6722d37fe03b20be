using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Wire;

public sealed class WireReaderTests
{
    [Fact]
    public void Reads_numbers_in_network_order()
    {
        WireReader reader = new([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

        reader.U8().ShouldBe((byte)1);
        reader.U16().ShouldBe((ushort)0x0203);
        reader.U24().ShouldBe(0x040506);
        reader.U32().ShouldBe(0x0708090Au);
        reader.Ok.ShouldBeTrue();
        reader.Left.ShouldBe(0);
    }

    [Fact]
    public void After_a_short_read_nothing_more_is_read()
    {
        WireReader reader = new([0, 9, 1, 2]);

        reader.Block16().Length.ShouldBe(0);
        reader.Ok.ShouldBeFalse();
        reader.U8().ShouldBe((byte)0);
        reader.Ok.ShouldBeFalse();
    }

    [Fact]
    public void A_negative_count_is_a_short_read()
    {
        WireReader reader = new([1, 2]);

        reader.Take(-1).Length.ShouldBe(0);
        reader.Ok.ShouldBeFalse();
    }
}
