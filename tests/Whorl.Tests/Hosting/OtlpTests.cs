using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Bus;
using Whorl.Kernel;
using Whorl.Tests.WebConsole;

namespace Whorl.Tests.Hosting;

/// <summary>A host that is told of a collector sends it what it measures.</summary>
public sealed class OtlpTests
{
    private const string Metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    private const string Traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    [Fact]
    public async Task Metrics_and_traces_arrive_at_the_collector_under_the_nodes_name()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using ActivitySource source = new("Whorl.Test");
        await using (ConsoleHost host = new() { Settings = new(StringComparer.Ordinal) { ["Telemetry:OtlpEndpoint"] = collector.Address, ["Node:Name"] = "shop-1" } })
        {
            await host.InitializeAsync();
            using (source.StartActivity("something that took time"))
            {
                await host.Services.GetRequiredService<IBus>().PublishAsync(new("observation.http.request", ConsoleHost.Batch(ConsoleHost.Request()), CloudEvents.BatchContentType), default);
            }
        }

        // Fields by opentelemetry-proto 1.x: a request has resources (1); these have a resource (1) with attributes (1), and scopes (2) with metrics or spans (2).
        collector.TextsAt(Metrics, 1, 2, 2, 1).ShouldContain("whorl.bus.publish");
        collector.TextsAt(Metrics, 1, 2, 2, 1).ShouldContain("dotnet.gc.collections");
        Attributes(collector, Metrics).ShouldContain(("service.name", "whorl"));
        Attributes(collector, Metrics).ShouldContain(("service.instance.id", "shop-1"));
        collector.TextsAt(Traces, 1, 2, 2, 5).ShouldContain("something that took time");
        Attributes(collector, Traces).ShouldContain(("service.instance.id", "shop-1"));
    }

    [Fact]
    public async Task A_collector_that_is_away_holds_nothing_up()
    {
        string address;
        await using (OtlpReceiver gone = await OtlpReceiver.StartAsync())
        {
            address = gone.Address;
        }

        await using ConsoleHost host = new() { Settings = new(StringComparer.Ordinal) { ["Telemetry:OtlpEndpoint"] = address } };
        await host.InitializeAsync();

        (await host.Stranger().GetAsync("/sign-in")).IsSuccessStatusCode.ShouldBeTrue();
    }

    private static IEnumerable<(string, string)> Attributes(OtlpReceiver collector, string service) => collector.At(service, 1, 1, 1).Select(pair => (
        System.Text.Encoding.UTF8.GetString(OtlpReceiver.Values(pair, 1).Single()),
        string.Concat(OtlpReceiver.Values(pair, 2).SelectMany(value => OtlpReceiver.Values(value, 1)).Select(System.Text.Encoding.UTF8.GetString))));
}
