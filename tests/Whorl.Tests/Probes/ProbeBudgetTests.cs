using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Tests.Probes;

public sealed class ProbeBudgetTests
{
    private static readonly PeerAddress Everybody = PeerAddress.From(IPAddress.Parse("ff02::1")), Neighbour = PeerAddress.From(IPAddress.Parse("fe80::1"));

    [Fact]
    public void On_the_link_of_a_target_special_addresses_are_asked_and_counted()
    {
        using ProbeBudget budget = Budget();
        budget.AuthorizeOnLink(Everybody);
        budget.AuthorizeOnLink(Neighbour);
        budget.Sent.ShouldBe(2);
        Should.Throw<OutboundRefusedException>(() => budget.Authorize(Neighbour));
    }

    [Theory]
    [InlineData("fe80::/10", true, false)]
    [InlineData("ff00::/8", false, true)]
    [InlineData("::/0", false, false)]
    public void What_is_denied_is_not_asked_on_a_link_either(string denied, bool everybody, bool neighbour)
    {
        using ProbeBudget budget = Budget(denied);
        Asked(Everybody).ShouldBe(everybody);
        Asked(Neighbour).ShouldBe(neighbour);
        budget.Sent.ShouldBe((everybody ? 1 : 0) + (neighbour ? 1 : 0));

        bool Asked(PeerAddress address)
        {
            try
            {
                budget.AuthorizeOnLink(address);
                return true;
            }
            catch (OutboundRefusedException)
            {
                return false;
            }
        }
    }

    private static ProbeBudget Budget(params string[] deny)
    {
        TimeProvider clock = TimeProvider.System;
        OutboundGuard guard = new(new OutboundOptions { Deny = [.. deny] }, clock, NullLogger.Instance, null, () => OwnAddresses.None);
        return new(new(10, 100, clock), new(10, 100, clock), guard, new SourcePorts(""), TimeSpan.FromSeconds(1), 1024, clock, default);
    }
}
