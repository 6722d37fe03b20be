using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Decoys;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decoys;

/// <summary>Faults of the configuration, and the table of sources that its limits bound.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("a", "192.0.2.1", "camra", 0, "Fleet:1:Persona: there is no persona 'camra' (did you mean camera?)")]
    [InlineData("a", "192.0.2.1", "camera", 0, "Fleet:1:Addresses: another decoy has 192.0.2.1 port 23")]
    [InlineData("first", "192.0.2.2", "camera", 0, "Fleet:1:Name: another decoy is called 'first'")]
    [InlineData("a", "192.0.2", "camera", 0, "Fleet:1:Addresses: '192.0.2' is no IP address")]
    [InlineData("a", "192.0.2.3", "windows-server", 63_000, "Fleet:1:PortOffset: port 3389 of rdp would be 66389")]
    public void A_fault_of_the_fleet_is_named(string name, string address, string persona, int offset, string fault)
    {
        DecoysOptions options = new()
        {
            Personas = [Path.Combine(Repository.Root, "content", "personas")],
            Fleet = [new() { Name = "first", Addresses = ["192.0.2.1"], Persona = "camera" }, new() { Name = name, Addresses = [address], Persona = persona, PortOffset = offset }],
        };
        new DecoysOptionsCheck(Options.Create(new NodeOptions())).Validate(null, options).Failures!.ShouldContain(fault);
    }

    [Fact]
    public void Sources_are_counted_for_a_minute_and_forgotten_when_room_is_needed()
    {
        ManualClock clock = new();
        SourceTable sources = new(new DecoyLimits { Sources = 64, ConnectionsPerMinute = 2, Connections = 3 }, clock);
        PeerAddress peer = new(1);
        sources.Open(peer).ShouldBeNull();
        sources.Close(peer);
        sources.Open(peer).ShouldBeNull();
        sources.Open(peer).ShouldBe(TurnedAway.SourceRate);
        clock.Advance(TimeSpan.FromMinutes(1));
        sources.Open(peer).ShouldBeNull();
        for (uint i = 2; i < 1000; i++)
        {
            sources.Datagram(new((UInt128)i << 64), 100).ShouldBeNull();
        }

        // What is open is remembered through all of that.
        sources.Open(new((UInt128)5000 << 64)).ShouldBeNull();
        sources.Open(new((UInt128)5001 << 64)).ShouldBe(TurnedAway.Full);
    }

    [Fact]
    public void Bytes_count_while_they_come_for_each_source_and_for_all_together()
    {
        const int Megabyte = 1024 * 1024;
        ManualClock clock = new();
        SourceTable sources = new(new DecoyLimits { MegabytesPerMinute = 2, TotalMegabytesPerMinute = 3, TotalDatagramsPerMinute = 4 }, clock);
        PeerAddress one = new((UInt128)1 << 64), other = new((UInt128)2 << 64), third = new((UInt128)3 << 64);
        sources.Open(one).ShouldBeNull();
        sources.TryTake(one, Megabyte).ShouldBeTrue();
        sources.TryTake(one, Megabyte).ShouldBeFalse();
        sources.Open(one).ShouldBe(TurnedAway.SourceBytes);
        sources.Datagram(one, 1).ShouldBe(TurnedAway.SourceBytes);
        sources.Open(other).ShouldBeNull();
        sources.TryTake(other, Megabyte).ShouldBeFalse();
        sources.Open(third).ShouldBe(TurnedAway.Bytes);
        sources.Datagram(third, 1).ShouldBe(TurnedAway.Bytes);
        clock.Advance(TimeSpan.FromMinutes(1));
        sources.TryTake(one, Megabyte).ShouldBeTrue();
        for (uint i = 10; i < 14; i++)
        {
            sources.Datagram(new((UInt128)i << 64), 1).ShouldBeNull();
        }

        sources.Datagram(third, 1).ShouldBe(TurnedAway.Rate);
    }
}
