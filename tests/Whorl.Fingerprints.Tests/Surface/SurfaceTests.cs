using Whorl.Fingerprints.Jarm;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tests.Surface;

/// <summary>Every public method of the library, found by reflection: a new one is called here without anybody's doing, or fails the test.</summary>
public sealed class SurfaceTests
{
    private const int Rounds = 150;

    private static readonly string[] Texts =
    [
        "768:vGr8/dcPMnb6nqNuPPUGkE7SW32AYhz6i1zQi2DqHcdkYKQV2:vyL4uPPUGklWGAmzx1zQi22HchKT", "3::",
        "T105037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382",
        "[tcp:request]\nlabel = g:unix:Linux:3.x\nsig = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df,id+:0\n[mtu]\nlabel = a\nsig = 1500\n",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36",
        "# ja3_md5,Firstseen\n6734f37431670b3ab4292b8f60f29984,a,b\n6734*,x\n", "c02f|0303|h2|ff01-0000", "|||", "example.com", "6734f37431670b3ab4292b8f60f29984",
    ];

    [Fact]
    public void No_public_method_throws_whatever_it_is_given()
    {
        SurfaceCall[] calls = [.. SurfaceCall.AllOf(typeof(ParseStatus).Assembly)];
        SurfaceValues values = new(Seeds(), Texts);
        values.Keep([(JarmRandom)(static destination => destination.Fill(7))]);
        Dictionary<string, int> called = [];
        SortedDictionary<string, string> thrown = [];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (SurfaceCall call in calls)
            {
                object?[] arguments = [.. call.Needs.Select(values.TryMake)];
                if (Array.Exists(arguments, argument => argument is null))
                {
                    continue;
                }

                called[call.Name] = called.GetValueOrDefault(call.Name) + 1;
                try
                {
                    values.Keep(call.Invoke(arguments));
                }
                catch (Exception fault) when (!IsContract(call, fault))
                {
                    thrown.TryAdd(call.Name, $"{call.Name}: {fault}");
                }
                catch (ArgumentException)
                {
                    // What its documentation says of a number that no peer chose.
                }
            }
        }

        calls.Length.ShouldBeGreaterThan(300);
        calls.Select(call => call.Name).Where(name => called.GetValueOrDefault(name) == 0).ShouldBeEmpty("methods that no argument was found for");
        thrown.Values.ShouldBeEmpty(string.Join("\n\n", thrown.Values));
    }

    private static bool IsContract(SurfaceCall call, Exception fault) => fault is ArgumentException && Array.Exists(Contracts, contract => call.Name.StartsWith(contract, StringComparison.Ordinal));

    // Methods with a stated exception for a caller's mistake: no byte from a peer reaches the argument.
    private static readonly string[] Contracts = ["U16List.get_Item(", "Enumerator.get_Current("];

    // Each group is drawn from as often as every other.
    private static List<byte[][]> Seeds() =>
    [
        [.. Hex("tls-hellos.jsonl", "client")],
        [.. Hex("tls-hellos.jsonl", "server")],
        [.. Hex("packets.jsonl", "frame")],
        [.. Hex("ssh-exchanges.jsonl", "bytes")],
        [.. Hex("ssh-exchanges.jsonl", "bytes").Select(bytes => bytes[(bytes.AsSpan().IndexOf("\r\n"u8) + 2)..])],
        [.. Hex("http2-openings.jsonl", "client")],
        [.. Hex("jarm-answers.jsonl", "hex")],

        // The reply to an SSH key exchange, with a host key of no bytes but its type.
        [Convert.FromHexString("00000018041F0000000700000003726162000000000000000070616421")],
        ["GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: curl/8.5.0\r\n\r\n"u8.ToArray()],

        // A Certificate message with one certificate of three bytes; a SYN and a SYN-ACK over IPv4.
        [[11, 0, 0, 9, 0, 0, 6, 0, 0, 3, 0x30, 1, 0]],
        [
            Convert.FromHexString("4500002C0001000040060000C0000201C00002029C40005000000001000000006002FFFF00000000020405B4"),
            Convert.FromHexString("4500002C0001000040060000C0000201C00002029C40005000000001000000026012FFFF00000000020405B4"),
        ],
    ];

    private static IEnumerable<byte[]> Hex(string file, string field) =>
        Vectors.Own(file).Where(row => row.TryGetProperty(field, out System.Text.Json.JsonElement value) && value.ValueKind == System.Text.Json.JsonValueKind.String)
            .Select(row => Convert.FromHexString(row.Text(field))).Take(40);
}
