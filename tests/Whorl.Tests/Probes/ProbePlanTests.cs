using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Tests.Probes;

public sealed class ProbePlanTests
{
    private static readonly PeerAddress Target = PeerAddress.From(System.Net.IPAddress.Loopback);

    [Fact]
    public void Every_probe_has_its_usual_ports()
    {
        using ProbeSet probes = new(new ProbesOptions(), new SourcePorts(""));
        (ushort Port, string Probes)[] steps = [.. new ProbePlan(probes, new ProbesOptions(), ProbeWords.All).For(Target, 0, "x").Select(Text)];
        steps.Where(step => step.Probes.StartsWith("jarm", StringComparison.Ordinal)).Select(step => (int)step.Port).ShouldBe([443, 8443, 8080, 4443, 50050, 2222, 993, 995, 8888, 9001]);
        steps.Where(step => step.Probes == "hassh").Select(step => (int)step.Port).ShouldBe([22, 2222, 22222, 2022]);
        steps.Where(step => step.Probes == "tcp").Select(step => (int)step.Port).ShouldBe([22, 80, 443, 8080, 8443, 445, 3389]);
        steps.Where(step => step.Probes.EndsWith("http", StringComparison.Ordinal)).Select(step => (int)step.Port).ShouldBe([443, 8443, 8080, 80], ignoreOrder: true);
        steps.Single(step => step.Port == 443 && step.Probes != "tcp").Probes.ShouldBe("jarm certificate http");
    }

    [Fact]
    public void A_named_port_and_the_options_stand_for_the_usual_ones()
    {
        ProbesOptions options = new() { HasshPorts = [2200], Without = ["tcp"] };
        using ProbeSet probes = new(options, new SourcePorts(""));
        ProbePlan plan = new(probes, options, [ProbeName.Hassh, ProbeName.Tcp]);
        plan.For(Target, 0, "x").Select(Text).ShouldBe([((ushort)2200, "hassh")]);
        plan.For(Target, 7, "x").Select(Text).ShouldBe([((ushort)7, "hassh")]);
    }

    [Fact]
    public async Task A_certificate_is_asked_for_only_where_jarm_found_tls_and_nothing_where_nobody_is()
    {
        await using FakePeer web = FakePeer.Answering(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        (await CarryAsync(web.Port)).ShouldBe(["jarm not_this_protocol 10", "http  2"]);
        (await CarryAsync(FakePeer.Nobody().Port)).ShouldBe(["jarm refused 1", "http refused 0"]);
    }

    [Fact]
    public async Task A_certificate_is_asked_for_by_itself_where_jarm_was_not_wanted()
    {
        await using FakePeer closing = FakePeer.Closing();
        (await CarryAsync(closing.Port, ProbeName.Certificate)).ShouldBe(["certificate closed_early 2"]);
    }

    private static (ushort Port, string Probes) Text(ProbeStep step) => (step.Target.Port, string.Join(' ', step.Names.Select(name => name.Word())));

    private static async Task<IEnumerable<string>> CarryAsync(ushort port, params ProbeName[] wanted)
    {
        TimeProvider clock = TimeProvider.System;
        ProbesOptions options = new();
        using ProbeSet probes = new(options, new SourcePorts("61000-64999"));
        OutboundGuard guard = new(new OutboundOptions { Allow = ["127.0.0.0/8"] }, clock, NullLogger.Instance, null, () => OwnAddresses.None);
        Asker asker = new(new ProbeLimits(100, 10_000, clock), guard, probes.Ports, TimeSpan.FromSeconds(20), 1 << 20, clock);
        ProbeStep step = new ProbePlan(probes, options, wanted.Length > 0 ? wanted : [ProbeName.Jarm, ProbeName.Certificate, ProbeName.Http]).For(Target, port, "127.0.0.1").Single();
        return (await step.CarryAsync(asker, new TargetLimits(10, 10_000, clock), default)).Select(answered => $"{answered.Name.Word()} {answered.Result.Failure?.Word()} {answered.Sent}");
    }
}
