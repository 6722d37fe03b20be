using Whorl.Native.Capture;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Inputs;

namespace Whorl.Tests.Capture;

/// <summary>Where capture listens, with and without being told.</summary>
public sealed class InterfaceChoiceTests
{
    private static readonly NetworkLink Lo = new(1, "lo", "", 0, Up: true);
    private static readonly NetworkLink Eth = new(2, "eth0", "", 0, Up: true);
    private static readonly NetworkLink Other = new(3, "eth1", "", 0, Up: true);

    [Fact]
    public void What_is_set_wins_over_what_would_be_found() =>
        Names(["eth1", "lo"], Lo, Eth, new(4, "decoys0", "macvlan", 2, Up: true)).ShouldBe(["eth1", "lo"]);

    [Fact]
    public void Under_a_macvlan_its_parent_is_listened_on_because_the_host_side_does_not_see_the_decoys() =>
        Names([], Lo, Eth, Other, new(4, "decoys0", "macvlan", 3, Up: true)).ShouldBe(["eth1"]);

    [Fact]
    public void Several_decoy_networks_are_all_listened_on_and_each_parent_once() =>
        Names([], Other, Eth, new(4, "a", "macvlan", 2, Up: true), new(5, "b", "macvlan", 3, Up: true), new(6, "c", "macvlan", 2, Up: true)).ShouldBe(["eth0", "eth1"]);

    [Fact]
    public void An_ipvlan_counts_only_where_there_is_no_macvlan()
    {
        NetworkLink ipvlan = new(4, "ipv0", "ipvlan", 2, Up: true);
        Names([], Lo, Eth, ipvlan).ShouldBe(["eth0"]);
        Names([], Eth, Other, ipvlan, new(5, "mac0", "macvlan", 3, Up: true)).ShouldBe(["eth1"]);
    }

    [Fact]
    public void Inside_a_decoy_the_parent_is_elsewhere_and_the_interface_itself_is_listened_on() =>
        Names([], Lo, new(4, "eth0", "macvlan", 0, Up: true)).ShouldBe(["eth0"]);

    [Fact]
    public void Without_a_decoy_network_nothing_is_chosen() => Names([], Lo, Eth, new(4, "veth1", "veth", 9, Up: true)).ShouldBeEmpty();

    [Fact]
    public void Setting_the_host_side_of_a_macvlan_is_followed_and_its_blindness_named()
    {
        NetworkLink[] links = [Eth, new(4, "decoys0", "macvlan", 2, Up: true)];
        CapturePoint.TryParse("decoys0", out CapturePoint? point).ShouldBeTrue();
        InterfaceChoice.Blindness(point, links)!.ShouldContain("eth0, on which it stands");
        InterfaceChoice.Blindness(new("eth0", null, "eth0"), links).ShouldBeNull();
    }

    [Theory]
    [InlineData("eth0", "eth0", null)]
    [InlineData("decoy:eth0", "eth0", "/var/run/netns/decoy")]
    [InlineData("/proc/77/ns/net:eth0", "eth0", "/proc/77/ns/net")]
    [InlineData("/run/odd:name/net:br-1", "br-1", "/run/odd:name/net")]
    public void A_point_names_an_interface_and_perhaps_its_namespace(string text, string name, string? space)
    {
        CapturePoint.TryParse(text, out CapturePoint? point).ShouldBeTrue();
        (point.Interface, point.Namespace, point.Text).ShouldBe((name, space, text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("eth0:")]
    [InlineData(":eth0")]
    [InlineData("..:eth0")]
    [InlineData("a/b:eth0")]
    [InlineData("eth 0")]
    [InlineData("sixteen-letters-")]
    [InlineData("../eth0")]
    public void What_cannot_be_an_interface_is_a_fault_of_the_configuration(string text)
    {
        CaptureOptions options = new() { Interfaces = ["eth1", text] };
        new CaptureOptionsCheck().Validate(null, options).Failures.ShouldHaveSingleItem().ShouldStartWith("Interfaces:1:");
    }

    [Fact]
    public void An_interface_that_is_set_twice_is_a_fault() =>
        new CaptureOptionsCheck().Validate(null, new() { Interfaces = ["eth0", "lo", "eth0"] }).Failures.ShouldHaveSingleItem().ShouldContain("twice");

    [Fact]
    public void The_doctor_names_what_there_is_what_is_down_and_what_is_missing()
    {
        CaptureInterfaceDoctor.Check([], [Lo, Eth]).Hint!.ShouldContain("lo, eth0");
        CaptureInterfaceDoctor.Check([new("eth0", null, "eth0")], [Eth with { Up = false }]).Hint.ShouldBe("ip link set eth0 up");
        CaptureInterfaceDoctor.Check([new("eth9", null, "eth9")], [Eth]).Detail.ShouldBe("there is no interface eth9");
        CaptureInterfaceDoctor.Check([new("eth0", null, "eth0")], [Eth]).Ok.ShouldBeTrue();
    }

    private static IEnumerable<string> Names(string[] set, params NetworkLink[] links) =>
        InterfaceChoice.Of(new CaptureOptions { Interfaces = [.. set] }.Points(), links).Points.Select(point => point.Text);
}
