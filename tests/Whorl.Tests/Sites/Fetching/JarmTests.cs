using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Fingerprints.Jarm;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Fetching.Tls;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Fetching;

public sealed class JarmTests
{
    // A server that chooses the first suite of a TLS 1.2 hello and says no more: enough for the method.
    internal static readonly byte[] Hello = [0x16, 3, 3, 0, 0x2A, 2, 0, 0, 0x26, 3, 3, .. new byte[32], 0, 0xC0, 0x2F, 0, 0, 0];

    [Fact]
    public async Task Ten_hellos_are_asked_once_and_remembered_for_a_while()
    {
        ManualClock clock = new();
        int connections = 0;
        await using FakeSite site = new()
        {
            OnConnection = async (socket, stop) =>
            {
                Interlocked.Increment(ref connections);
                _ = await socket.ReceiveAsync(new byte[4096], stop);
                foreach (byte each in Hello)
                {
                    await socket.SendAsync((byte[])[each], stop);
                }
            },
        };
        JarmAsker asker = new(new Dialer(Guard()), clock);
        string jarm = await AskAsync(asker, site);

        jarm.ShouldBe(JarmHash.Compute(Enumerable.Repeat(JarmAnswer.Text(Hello), JarmProbes.Count)));
        (await AskAsync(asker, site)).ShouldBe(jarm);
        connections.ShouldBe(JarmProbes.Count);
        clock.Advance(TimeSpan.FromMinutes(11));
        await AskAsync(asker, site);
        connections.ShouldBe(2 * JarmProbes.Count);
    }

    [Fact]
    public async Task A_server_that_hangs_up_on_every_hello_has_the_hash_of_none()
    {
        await using FakeSite site = new() { OnConnection = async (socket, stop) => _ = await socket.ReceiveAsync(new byte[4096], stop) };
        (await AskAsync(new JarmAsker(new Dialer(Guard()), TimeProvider.System), site)).ShouldBe(JarmHash.None);
    }

    [Fact]
    public async Task What_the_guard_forbids_is_not_asked()
    {
        JarmAsker asker = new(new Dialer(Guard()), TimeProvider.System);
        PeerAddress.TryParse("127.0.0.2", out PeerAddress other).ShouldBeTrue();
        (await Should.ThrowAsync<FetchException>(() => asker.AskAsync(other, 443, "x.test", TestContext.Current.CancellationToken))).Reason.ShouldBe("blocked");
    }

    private static Task<string> AskAsync(JarmAsker asker, FakeSite site) =>
        asker.AskAsync(PeerAddress.From(System.Net.IPAddress.Loopback), site.Port, "x.test", TestContext.Current.CancellationToken);

    private static OutboundGuard Guard() => new(new OutboundOptions { Allow = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
}
