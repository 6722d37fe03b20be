namespace Whorl.Tests.Edge.Crawlers;

public sealed class RobotsKeeperTests
{
    [Fact]
    public async Task An_edge_stops_in_order_while_an_upstream_still_owes_its_robots_file()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawUpstream silent = RawUpstream.Talking(async talk =>
        {
            (await talk.ReadHeadAsync())!.ShouldStartWith("GET /robots.txt ");
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, talk.Stop);
        });

        // Its end throws where a loop of the edge does not end as it should.
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, silent.Url);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
