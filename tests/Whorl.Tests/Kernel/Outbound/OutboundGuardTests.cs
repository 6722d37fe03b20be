using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Tests.Support;

namespace Whorl.Tests.Kernel.Outbound;

public sealed class OutboundGuardTests
{
    private static readonly OwnAddresses Own = new([Address("198.41.0.4").Bits, Address("2001:500:2::c").Bits], [Address("198.41.0.255").Bits]);

    [Theory]
    [InlineData("0.0.0.0", "Unspecified")]
    [InlineData("0.1.2.3", "Unspecified")]
    [InlineData("10.0.0.1", "Private")]
    [InlineData("172.16.0.1", "Private")]
    [InlineData("172.31.255.255", "Private")]
    [InlineData("192.168.1.1", "Private")]
    [InlineData("100.64.0.1", "Shared")]
    [InlineData("100.100.100.200", "Shared")]
    [InlineData("127.0.0.1", "Loopback")]
    [InlineData("127.255.255.254", "Loopback")]
    [InlineData("169.254.169.254", "LinkLocal")]
    [InlineData("168.63.129.16", "Metadata")]
    [InlineData("192.0.0.8", "Reserved")]
    [InlineData("192.0.2.1", "Documentation")]
    [InlineData("192.88.99.1", "Reserved")]
    [InlineData("198.18.0.1", "Benchmarking")]
    [InlineData("198.19.255.255", "Benchmarking")]
    [InlineData("198.51.100.7", "Documentation")]
    [InlineData("203.0.113.7", "Documentation")]
    [InlineData("224.0.0.1", "Multicast")]
    [InlineData("239.255.255.255", "Multicast")]
    [InlineData("240.0.0.1", "Reserved")]
    [InlineData("255.255.255.255", "Broadcast")]
    [InlineData("198.41.0.4", "Own")]
    [InlineData("198.41.0.255", "Broadcast")]
    [InlineData("::", "Unspecified")]
    [InlineData("::1", "Loopback")]
    [InlineData("fe80::1", "LinkLocal")]
    [InlineData("febf::1", "LinkLocal")]
    [InlineData("fec0::1", "NotGlobal")]
    [InlineData("fc00::1", "UniqueLocal")]
    [InlineData("fd00:ec2::254", "UniqueLocal")]
    [InlineData("ff02::1", "Multicast")]
    [InlineData("100::1", "NotGlobal")]
    [InlineData("5f00::1", "NotGlobal")]
    [InlineData("64:ff9b:1::a00:1", "NotGlobal")]
    [InlineData("2001:2::1", "Benchmarking")]
    [InlineData("2001:db8::1", "Documentation")]
    [InlineData("3fff::1", "Documentation")]
    [InlineData("2001:10::1", "Reserved")]
    [InlineData("2001:500:2::c", "Own")]
    public void What_is_no_host_of_somebody_else_is_never_reached(string address, string refusal)
    {
        OutboundVerdict verdict = Guard(new()).Check(Address(address));
        verdict.Refusal.ToString().ShouldBe(refusal);
        verdict.Liftable.ShouldBeTrue();
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.1")]
    [InlineData("192.0.1.1")]
    [InlineData("198.17.255.255")]
    [InlineData("223.255.255.255")]
    [InlineData("2001:200::1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::808:808")]
    [InlineData("2002:808:808::1")]
    public void Hosts_of_others_are_reached(string address) => Guard(new()).Check(Address(address)).Allowed.ShouldBeTrue();

    [Theory]
    [InlineData("::ffff:127.0.0.1", "Loopback")]
    [InlineData("::ffff:169.254.169.254", "LinkLocal")]
    [InlineData("::ffff:a00:1", "Private")]
    [InlineData("::127.0.0.1", "NotGlobal")]
    [InlineData("::8.8.8.8", "NotGlobal")]
    [InlineData("64:ff9b::7f00:1", "Loopback")]
    [InlineData("64:ff9b::a9fe:a9fe", "LinkLocal")]
    [InlineData("64:ff9b::c629:4", "Own")]
    [InlineData("2002:7f00:1::1", "Loopback")]
    [InlineData("2002:c0a8:101::1", "Private")]
    [InlineData("2001:0:808:808::f5f5:f5f5", "Tunnel")]
    [InlineData("2606:4700::5efe:7f00:1", "Loopback")]
    [InlineData("2606:4700::200:5efe:a00:1", "Private")]
    public void An_ipv4_address_inside_an_ipv6_one_is_judged(string address, string refusal) =>
        Guard(new()).Check(Address(address)).Refusal.ToString().ShouldBe(refusal);

    [Fact]
    public void Allow_lifts_what_is_special_about_an_address()
    {
        OutboundGuard guard = Guard(new() { Allow = ["127.0.0.0/8", "198.41.0.4", "fd00::/8"] });
        guard.Check(Address("127.0.0.1")).Allowed.ShouldBeTrue();
        guard.Check(Address("::ffff:127.0.0.1")).Allowed.ShouldBeTrue();
        guard.Check(Address("198.41.0.4")).Allowed.ShouldBeTrue();
        guard.Check(Address("fd00::1")).Allowed.ShouldBeTrue();
        guard.Check(Address("10.0.0.1")).Refusal.ShouldBe(OutboundRefusal.Private);
    }

    [Theory]
    [InlineData("64:ff9b::a00:1", "Private")]
    [InlineData("2002:a00:1::1", "Private")]
    [InlineData("::a00:1", "Private")]
    public void Allowing_all_of_ipv6_does_not_allow_the_ipv4_inside(string address, string refusal) =>
        Guard(new() { Allow = ["2000::/3", "64:ff9b::/96", "::/96"] }).Check(Address(address)).Refusal.ToString().ShouldBe(refusal);

    [Fact]
    public void Deny_stands_over_allow()
    {
        OutboundGuard guard = Guard(new() { Allow = ["10.0.0.0/8"], Deny = ["10.1.0.0/16", "8.8.8.0/24", "2606:4700::/32"] });
        guard.Check(Address("10.1.2.3")).ShouldBe(new(OutboundRefusal.Denied, "10.1.0.0/16"));
        guard.Check(Address("10.2.0.1")).Allowed.ShouldBeTrue();
        guard.Check(Address("8.8.8.8")).Liftable.ShouldBeFalse();
        guard.Check(Address("64:ff9b::808:808")).ShouldBe(new(OutboundRefusal.Denied, "8.8.8.8, 8.8.8.0/24"));
        guard.Check(Address("2606:4700::1")).Refusal.ShouldBe(OutboundRefusal.Denied);
    }

    [Fact]
    public void Who_is_let_in_by_a_decision_is_left_alone()
    {
        OutboundGuard guard = Guard(new() { Allow = ["10.0.0.0/8"] }, decisions: new LetIn("10.9.9.9", "9.9.9.9"));
        guard.Check(Address("9.9.9.9")).Refusal.ShouldBe(OutboundRefusal.AllowListed);
        guard.Check(Address("10.9.9.9")).Refusal.ShouldBe(OutboundRefusal.AllowListed);
        guard.Check(Address("9.9.9.10")).Allowed.ShouldBeTrue();
    }

    [Fact]
    public void Who_opts_out_is_heard_while_running_and_a_faulty_file_changes_nothing()
    {
        using TempFolder folder = new();
        ManualClock clock = new();
        string file = Written(folder, "opt-out", "# asked by mail\n8.8.8.0/24\n", 0);
        OutboundGuard guard = Guard(new() { OptOutFile = file, Allow = ["8.8.8.8"] }, clock);
        guard.Check(Address("8.8.8.8")).ShouldBe(new(OutboundRefusal.OptedOut, "8.8.8.0/24"));
        guard.Check(Address("9.9.9.9")).Allowed.ShouldBeTrue();

        Written(folder, "opt-out", "8.8.8.0/24\n9.9.9.9 # today\n", 1);
        guard.Check(Address("9.9.9.9")).Allowed.ShouldBeTrue();
        clock.Advance(TimeSpan.FromSeconds(3));
        guard.Check(Address("9.9.9.9")).Refusal.ShouldBe(OutboundRefusal.OptedOut);

        Written(folder, "opt-out", "please\n", 2);
        clock.Advance(TimeSpan.FromSeconds(3));
        guard.Check(Address("9.9.9.9")).Refusal.ShouldBe(OutboundRefusal.OptedOut);
        guard.Fault.ShouldNotBeNull().ShouldContain("opt-out:1");

        File.Delete(file);
        clock.Advance(TimeSpan.FromSeconds(3));
        guard.Check(Address("9.9.9.9")).Refusal.ShouldBe(OutboundRefusal.OptedOut);
    }

    [Fact]
    public void An_autonomous_system_is_left_alone_by_the_table()
    {
        using TempFolder folder = new();
        string table = Written(folder, "asn.tsv", "8.8.4.0\t8.8.4.255\t15169\tUS\tGOOGLE\n8.8.8.0\t8.8.8.255\t15169\tUS\tGOOGLE\n9.9.9.0\t9.9.9.255\t19281\tUS\tQUAD9\n2606:4700::\t2606:4700:ffff:ffff:ffff:ffff:ffff:ffff\t13335\tUS\tCF\n", 0);
        string file = Written(folder, "opt-out", "as13335\n", 0);
        OutboundGuard guard = Guard(new() { Deny = ["AS15169"], AsnFile = table, OptOutFile = file });
        guard.Check(Address("8.8.8.8")).ShouldBe(new(OutboundRefusal.Denied, "AS15169"));
        guard.Check(Address("64:ff9b::808:404")).Refusal.ShouldBe(OutboundRefusal.Denied);
        guard.Check(Address("8.8.5.1")).Allowed.ShouldBeTrue();
        guard.Check(Address("9.9.9.9")).Allowed.ShouldBeTrue();
        guard.Check(Address("2606:4700::1111")).ShouldBe(new(OutboundRefusal.OptedOut, "AS13335"));
    }

    [Fact]
    public void Without_the_table_nobody_is_reached_once_a_system_opts_out()
    {
        using TempFolder folder = new();
        ManualClock clock = new();
        string file = Written(folder, "opt-out", "", 0);
        OutboundGuard guard = Guard(new() { OptOutFile = file, Allow = ["10.0.0.0/8"] }, clock);
        guard.Check(Address("9.9.9.9")).Allowed.ShouldBeTrue();

        Written(folder, "opt-out", "AS64500\n", 1);
        clock.Advance(TimeSpan.FromSeconds(3));
        guard.Check(Address("9.9.9.9")).ShouldBe(new(OutboundRefusal.ListUnknown, "AS64500"));
        guard.Check(Address("10.0.0.1")).Allowed.ShouldBeTrue();
        guard.Fault.ShouldNotBeNull();
    }

    [Fact]
    public void Own_addresses_are_looked_up_again()
    {
        ManualClock clock = new();
        OwnAddresses now = OwnAddresses.None;
        OutboundGuard guard = new(new(), clock, NullLogger.Instance, null, () => now);
        guard.Check(Address("198.41.0.4")).Allowed.ShouldBeTrue();
        now = Own;
        clock.Advance(TimeSpan.FromSeconds(31));
        guard.Check(Address("198.41.0.4")).Refusal.ShouldBe(OutboundRefusal.Own);
    }

    [Fact]
    public void The_addresses_of_this_machine_are_its_own() => OwnAddresses.Read().ShouldNotBeNull().Contains(Address("127.0.0.1")).ShouldBeTrue();

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task A_name_that_leads_to_a_forbidden_address_gives_none(string host)
    {
        ResolvedName name = await Guard(new()).ResolveAsync(host, default);
        name.Addresses.ShouldBeEmpty();
        name.Refused.ShouldNotBeEmpty();
        name.Refused.ShouldAllBe(refused => refused.Verdict.Refusal == OutboundRefusal.Loopback);
    }

    [Theory]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("127.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("fe80::1%lo")]
    public async Task Odd_spellings_of_an_address_are_no_address(string host)
    {
        ResolvedName name = await Guard(new() { Allow = ["0.0.0.0/0", "::/0"] }).ResolveAsync(host, default);
        name.Addresses.ShouldBeEmpty();
        name.Fault.ShouldNotBeNull();
    }

    [Fact]
    public void Faulty_lists_are_named_at_start()
    {
        ValidateOptionsResult result = new OutboundOptionsValidator().Validate(null, new()
        {
            Allow = ["10.0.0.0/8", "home"],
            Deny = ["AS0", "AS64500", "8.8.8.8/40"],
            OptOutFile = "/nowhere/opt-out",
        });
        result.Failures.ShouldNotBeNull().Select(fault => fault.Split(':')[0] + ":" + fault.Split(':')[1].Trim()[..1])
            .ShouldBe(["Allow:1", "Deny:0", "Deny:2", "AsnFile:D", "OptOutFile:t"]);
    }

    [Theory]
    [InlineData("no table")]
    [InlineData("")]
    [InlineData("8.8.8.255\t8.8.8.0\t15169\tUS\tG")]
    [InlineData("8.8.8.0\t8.8.8.255\tAS15169\tUS\tG")]
    public void A_faulty_table_is_refused_as_a_whole(string text)
    {
        AsnRanges.TryRead(new StringReader(text), new HashSet<uint> { 15169 }, out _, out string? fault).ShouldBeFalse();
        fault.ShouldNotBeNull();
    }

    private static OutboundGuard Guard(OutboundOptions options, TimeProvider? clock = null, IDecisionLookup? decisions = null) =>
        new(options, clock ?? new ManualClock(), NullLogger.Instance, decisions, () => Own);

    private static PeerAddress Address(string text) => PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new FormatException(text);

    // The time is set by hand: two writes within one tick of the file system would look like none.
    private static string Written(TempFolder folder, string name, string text, int minute)
    {
        string path = folder.File(name);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 1, 0, minute, 0, DateTimeKind.Utc));
        return path;
    }

    private sealed class LetIn(params string[] addresses) : IDecisionLookup
    {
        public DecisionMatch Find(in ClientKeys client) => addresses.Contains(client.Address.ToString())
            ? new(default, DecisionScope.Ip, DecisionAction.Allow, false, "cli", "manual", "a friend")
            : default;
    }
}
