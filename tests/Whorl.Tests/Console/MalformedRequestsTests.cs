using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Whorl.Analysis.Decisions;
using Whorl.Analysis.Scoring;
using Whorl.Delivery.Api;
using Whorl.Delivery.Cli;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Connections;
using Whorl.Tests.Edge;
using Whorl.Tests.Support;

namespace Whorl.Tests.WebConsole;

/// <summary>From the bytes of an attacker to what an operator sees, in one process.</summary>
public sealed class MalformedRequestsTests
{
    [Fact]
    public async Task A_smuggling_attempt_at_a_socket_is_in_the_list_of_requests_and_explained_by_the_reference_it_got()
    {
        await using ConsoleHost host = new()
        {
            More = [DecisionModule.AddDecisions, ScoringModule.AddScoring, ConnectionsModule.AddConnections, EdgeModule.AddEdge],
            Settings = new(StringComparer.Ordinal) { ["Edge:Listen:0"] = "http://127.0.0.1:0", ["Edge:Sites:0:Upstreams:0:Url"] = "http://127.0.0.1:1" },
        };
        await host.InitializeAsync();
        IPEndPoint edge = IPEndPoint.Parse(new Uri(host.Services.GetRequiredService<EdgeWorker>().Listening.Single()).Authority);
        LiveRequests live = host.Services.GetRequiredService<LiveRequests>();
        using TcpClient attacker = new();
        await attacker.ConnectAsync(edge);

        await attacker.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /login HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n"));
        string answer = await TestEdge.ReadAsync(attacker.GetStream());

        string reference = answer.Split("Reference: ")[1].Split('\n')[0].Trim();
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(20));
        while (!live.Newest().Any(request => request.Id.ToString() == reference))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), late.Token);
        }

        string list = WebUtility.HtmlDecode(await (await host.MemberAsync()).GetStringAsync("/requests?q=" + Uri.EscapeDataString("http.fault: two-framings")));
        list.ShouldContain(reference);
        list.ShouldContain("malformed:");
        list.ShouldContain("/login");
        (int code, string json) = await ExplainAsync(host, reference);
        using JsonDocument told = JsonDocument.Parse(json);
        code.ShouldBe(ExitCode.Done);
        told.RootElement.GetProperty("summary").GetString().ShouldBe("Blocked unread: the request has both Content-Length and Transfer-Encoding.");
        told.RootElement.GetProperty("observation").GetProperty("client.ip").GetString().ShouldBe("127.0.0.1");
    }

    private static async Task<(int Code, string Data)> ExplainAsync(ConsoleHost host, string reference)
    {
        using TempFolder folder = new();
        string key = (await host.Services.GetRequiredService<ApiKeyStore>().AddAsync("reader", mayWrite: false, default))!;
        await File.WriteAllTextAsync(folder.File("key"), key);
        using StringWriter data = new() { NewLine = "\n" };
        using StringWriter talk = new() { NewLine = "\n" };
        LocalNode nobody = new(static _ => throw new InvalidOperationException("this machine's own services were asked"));
        string[] arguments = [reference, "--json", "--api", host.Address.ToString(), "--key-file", folder.File("key")];
        int code = await ExplainCommand.Create(nobody, new(data, talk, terminal: false)).Parse(arguments).InvokeAsync();
        return (code, data.ToString());
    }
}
