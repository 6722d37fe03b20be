using Whorl.Fingerprints.Packets;

namespace Whorl.Fingerprints.Tests.Packets;

public sealed class FragmentTableTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly byte[] Datagram = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

    private readonly FragmentTable _table = new();

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public void Fragments_in_any_order_give_the_packet_back(int version)
    {
        Add(Fragment(version, 48, 100)).ShouldBeNull();
        Add(Fragment(version, 0, 24)).ShouldBeNull();
        byte[] whole = Add(Fragment(version, 24, 48)).ShouldNotBeNull();

        Packet.TryDecode(LinkType.Raw, whole, out Packet packet).ShouldBe(PacketStatus.Done);
        packet.Transport.ToArray().ShouldBe(Datagram);
        packet.Protocol.ShouldBe(IpProtocol.Udp);
        packet.IsFragment.ShouldBeFalse();
        _table.PendingCount.ShouldBe(0);
    }

    [Fact]
    public void Repeated_and_overlapping_bytes_of_ipv4_count_once_and_the_first_stay()
    {
        Add(Fragment(4, 0, 24)).ShouldBeNull();
        Add(Fragment(4, 0, 24)).ShouldBeNull();
        byte[] other = Fragment(4, 16, 56);
        other.AsSpan(20, 8).Fill(0xEE);
        Add(other).ShouldBeNull();

        byte[] whole = Add(Fragment(4, 56, 100)).ShouldNotBeNull();
        whole.AsSpan(20).ToArray().ShouldBe(Datagram);
    }

    [Fact]
    public void An_overlap_in_ipv6_gives_the_packet_up()
    {
        Add(Fragment(6, 0, 24));
        Add(Fragment(6, 0, 24)).ShouldBeNull();
        _table.DroppedCount.ShouldBe(0);

        Add(Fragment(6, 16, 56)).ShouldBeNull();
        _table.DroppedCount.ShouldBe(1);
        _table.PendingCount.ShouldBe(0);
    }

    [Fact]
    public void Two_different_ends_give_the_packet_up()
    {
        Add(Fragment(4, 48, 100));
        byte[] earlier = Fragment(4, 48, 80);
        earlier[6] = 0; // no more to come
        Add(earlier).ShouldBeNull();

        _table.DroppedCount.ShouldBe(1);
    }

    [Fact]
    public void A_packet_is_not_waited_for_longer_than_half_a_minute()
    {
        Add(Fragment(4, 0, 48));
        Add(Fragment(4, 48, 100), Start + FragmentTable.Patience + TimeSpan.FromSeconds(1)).ShouldBeNull();

        _table.DroppedCount.ShouldBe(1);
        _table.PendingCount.ShouldBe(1);
    }

    [Fact]
    public void A_flood_of_first_fragments_stays_within_the_bounds()
    {
        for (int id = 0; id < 5000; id++)
        {
            Add(Fragment(4, 0, 96, id));
        }

        _table.PendingCount.ShouldBe(FragmentTable.MaxPending);
        _table.DroppedCount.ShouldBe(5000 - FragmentTable.MaxPending);
    }

    [Fact]
    public void Random_fragments_never_throw()
    {
        Random random = new(5);
        for (int i = 0; i < 20_000; i++)
        {
            int start = random.Next(8) * 8;
            Add(Fragment(random.Next(2) == 0 ? 4 : 6, start, Math.Min(100, start + (random.Next(1, 5) * 8)), random.Next(3)), Start.AddSeconds(i));
        }

        _table.PendingCount.ShouldBeLessThan(10);
    }

    private byte[]? Add(byte[] fragment, DateTimeOffset? seen = null)
    {
        Packet.TryDecode(LinkType.Raw, fragment, out Packet packet).ShouldBe(PacketStatus.Fragment);
        return _table.TryAdd(packet, seen ?? Start, out ReadOnlyMemory<byte> whole) ? whole.ToArray() : null;
    }

    private static byte[] Fragment(int version, int start, int end, int id = 7)
    {
        byte more = (byte)(end < Datagram.Length ? 1 : 0);
        int units = start / 8;
        byte[] header = version == 4
            ? [0x45, 0, 0, (byte)(20 + end - start), (byte)(id >> 8), (byte)id, (byte)(more << 5), (byte)units, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
            : [0x60, 0, 0, 0, 0, (byte)(8 + end - start), 44, 64, .. new byte[15], 1, .. new byte[15], 2, 17, 0, 0, (byte)((units << 3) | more), 0, 0, (byte)(id >> 8), (byte)id];
        return [.. header, .. Datagram.AsSpan(start, end - start)];
    }
}
