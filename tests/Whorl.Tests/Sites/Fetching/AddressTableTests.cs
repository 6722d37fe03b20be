using Whorl.Kernel;
using Whorl.Native.Maxmind;
using Whorl.Sources.Sites.Fetching.Networks;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Fetching;

public sealed class AddressTableTests
{
    [Fact]
    public void A_table_of_iptoasn_tells_system_prefix_and_country()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("t.tsv"), "8.8.4.0\t8.8.4.255\t15169\tUS\tGOOGLE\n8.8.5.0\t8.8.7.255\t0\tNone\tNot routed\n8.8.8.0\t8.8.9.9\t15169\tUS\tGOOGLE\n2606:4700::\t2606:4700:ffff:ffff:ffff:ffff:ffff:ffff\t13335\t\tCF\n");
        IAddressTable table = AddressTables.Open(folder.File("t.tsv"), out string? fault);
        fault.ShouldBeNull();
        Find(table, "8.8.4.4").ShouldBe(new() { Ip = "8.8.4.4", Asn = 15169, AsName = "GOOGLE", Country = "US", Prefix = "8.8.4.0/24" });
        Find(table, "8.8.9.9").Prefix.ShouldBe("8.8.9.8/31");
        Find(table, "8.8.6.1").ShouldBe(new() { Ip = "8.8.6.1" });
        Find(table, "8.8.9.10").ShouldBe(new() { Ip = "8.8.9.10" });
        Find(table, "1.1.1.1").ShouldBe(new() { Ip = "1.1.1.1" });
        Find(table, "2606:4700::1111").ShouldBe(new() { Ip = "2606:4700::1111", Asn = 13335, AsName = "CF", Prefix = "2606:4700::/32" });
    }

    [Theory]
    [InlineData("a b c\n", "t.tsv", "line 1")]
    [InlineData("", "t.tsv", "empty")]
    [InlineData("no database", "t.mmdb", "t.mmdb")]
    public void A_table_that_is_none_is_named_and_done_without(string text, string name, string told)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File(name), text);
        IAddressTable table = AddressTables.Open(folder.File(name), out string? fault);
        fault.ShouldNotBeNull().ShouldContain(told);
        Find(table, "8.8.4.4").ShouldBe(new() { Ip = "8.8.4.4" });
    }

    [Fact]
    public void An_mmdb_tells_the_same()
    {
        Assert.SkipUnless(MaxmindDatabase.IsPresent, "libmaxminddb is not installed (apt install libmaxminddb0)");
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("t.mmdb"), MmdbFile.Make("192.0.2.0", 24, new() { ["autonomous_system_number"] = 64500u, ["autonomous_system_organization"] = "Näme", ["country"] = new Dictionary<string, object> { ["iso_code"] = "DE" } }));
        IAddressTable table = AddressTables.Open(folder.File("t.mmdb"), out string? fault);
        fault.ShouldBeNull();
        Find(table, "192.0.2.77").ShouldBe(new() { Ip = "192.0.2.77", Asn = 64500, AsName = "Näme", Country = "DE", Prefix = "192.0.2.0/24" });
        Find(table, "192.0.3.1").ShouldBe(new() { Ip = "192.0.3.1" });
        Find(table, "2001:db8::1").ShouldBe(new() { Ip = "2001:db8::1" });
    }

    private static AddressFact Find(IAddressTable table, string address) => table.Find(PeerAddress.TryParse(address, out PeerAddress parsed) ? parsed : throw new FormatException(address));
}

/// <summary>Writes a MaxMind database of one prefix (format 2.0): a tree of 24-bit records over IPv6, IPv4 under 96 zeros.</summary>
internal static class MmdbFile
{
    public static byte[] Make(string network, int length, Dictionary<string, object> entry)
    {
        UInt128 bits = (uint)(PeerAddress.TryParse(network, out PeerAddress address) ? address.Bits : 0);
        int nodes = 96 + length;
        List<byte> tree = [];
        for (int depth = 0; depth < nodes; depth++)
        {
            bool one = depth >= 96 && ((bits >> (127 - depth)) & 1) == 1;
            int next = depth == nodes - 1 ? nodes + 16 : depth + 1;
            tree.AddRange(Record(one ? nodes : next));
            tree.AddRange(Record(one ? next : nodes));
        }

        return
        [
            .. tree, .. new byte[16], .. Value(entry), 0xAB, 0xCD, 0xEF, .. "MaxMind.com"u8,
            .. Value(new Dictionary<string, object>
            {
                ["node_count"] = (uint)nodes, ["record_size"] = (ushort)24, ["ip_version"] = (ushort)6, ["binary_format_major_version"] = (ushort)2,
                ["binary_format_minor_version"] = (ushort)0, ["build_epoch"] = 1ul, ["database_type"] = "Test", ["languages"] = Array.Empty<object>(), ["description"] = new Dictionary<string, object>(),
            }),
        ];
    }

    private static byte[] Record(int value) => [(byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static byte[] Value(object value) => value switch
    {
        string text => [.. Head(2, System.Text.Encoding.UTF8.GetByteCount(text)), .. System.Text.Encoding.UTF8.GetBytes(text)],
        ushort number => [.. Head(5, 2), (byte)(number >> 8), (byte)number],
        uint number => [.. Head(6, 4), (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number],
        ulong => [.. Head(9, 1), 1],
        object[] => Head(11, 0),
        Dictionary<string, object> map => [.. Head(7, map.Count), .. map.SelectMany(pair => (byte[])[.. Value(pair.Key), .. Value(pair.Value)])],
        _ => throw new NotSupportedException($"{value}"),
    };

    private static byte[] Head(int type, int size) => type <= 7 ? size < 29 ? [(byte)((type << 5) | size)] : [(byte)((type << 5) | 29), (byte)(size - 29)] : [(byte)size, (byte)(type - 7)];
}
