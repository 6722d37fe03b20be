using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Delivery.WebConsole.Captures;
using Whorl.Kernel;
using Whorl.Tests.WebConsole;

namespace Whorl.LiveTests.WebConsole;

/// <summary>Capture as on a working day: two interfaces, one of them away, and a few visitors.</summary>
internal static class CapturedDay
{
    public const string Address = "203.0.113.140";

    public static void Fill(ConsoleHost host)
    {
        CaptureLive live = host.Services.GetRequiredService<CaptureLive>();
        live.AddSummaries(ConsoleHost.Batch(Made("capture.summary", 1, """
            {"capture.interfaces":[{"capture.interface":"decoys0","capture.state":"listening","capture.frames":184220,"capture.bytes":98133000,"capture.drops":12,"capture.observations":913,"capture.dropped":0,"capture.evictions":0,"capture.flows":4120},
             {"capture.interface":"eth1","capture.state":"failed","capture.reason":"there is no interface eth1","capture.hint":"`ip link` names the interfaces there are; set Capture:Interfaces"}]}
            """)));
        string[] sources = [Address, "198.51.100.23", "2001:db8:4::7a1", "192.0.2.200"];
        for (int i = 0; i < 120; i++)
        {
            string source = sources[i * 7 % 11 % 4], ends = $"\"source.ip\":\"{source}\",\"source.port\":{40000 + i},\"destination.ip\":\"198.51.100.{1 + (i % 5)}\",\"destination.port\":443,\"capture.interface\":\"decoys0\",\"decoy\":\"web-{i % 5}\"";
            (string kind, string facts) = (i % 5) switch
            {
                0 => ("tcp.syn", "\"tcp.signature\":\"4:57+7:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0\",\"tcp.stack\":\"4:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0\",\"os.name\":\"Linux 3.11 and newer\",\"tcp.distance\":7"),
                1 => ("tls.client_hello", "\"tls.ja3\":\"cd08e31494f9531f560d64c695473da9\",\"tls.ja4\":\"t13d1516h2_8daaf6152771_02713d6af862\",\"tls.sni\":\"shop.example\""),
                2 => ("ssh.banner", "\"ssh.side\":\"client\",\"ssh.banner\":\"SSH-2.0-Go\""),
                3 => ("ssh.kex", "\"ssh.side\":\"client\",\"ssh.hassh\":\"98f63c4d9c87edbd97ed4747fa031019\",\"ssh.banner\":\"SSH-2.0-Go\",\"count\":37"),
                _ => ("icmp.echo_request", "\"icmp.version\":4,\"icmp.type\":8,\"icmp.code\":0"),
            };
            live.Newest.Add(ConsoleHost.Batch(Made(kind, 120 - i, $"{{{ends},{facts}}}", source)));
        }
    }

    private static Observation Made(string kind, int secondsAgo, string attributes, string source = "") =>
        new(ObservationId.New(TimeProvider.System), kind, TimeProvider.System.GetUtcNow().AddSeconds(-secondsAgo), "edge1", new("ip:" + source), JsonElement.Parse(attributes));
}
