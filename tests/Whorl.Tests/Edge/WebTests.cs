using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Whorl.Tests.Edge;

/// <summary>What goes through Kestrel and YARP: WebSockets, HTTP/2, TLS; and the edge's end.</summary>
public sealed class WebTests
{
    [Fact]
    public async Task A_WebSocket_is_carried()
    {
        await using WebApplication site = await SiteAsync();
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, site.Urls.Single());
        using ClientWebSocket socket = new();
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));

        await socket.ConnectAsync(new Uri($"ws://{edge.EndPoint}/socket"), deadline.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("ping"), WebSocketMessageType.Text, true, deadline.Token);
        byte[] buffer = new byte[64];
        WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, deadline.Token);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);

        Encoding.UTF8.GetString(buffer, 0, got.Count).ShouldBe("echo ping");
        (await edge.ObservationsAsync(1)).Single().Get("http.status").ShouldBe("101");
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task Http2_over_tls_is_carried_and_its_fingerprints_are_observed()
    {
        await using WebApplication site = await SiteAsync();
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Listen = ["https://127.0.0.1:0"], site.Urls.Single());
        using HttpClient client = new(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
            UseProxy = false,
        })
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        string large = new('z', 300_000);

        string echoed = await (await client.PostAsync($"https://{edge.EndPoint}/echo", new StringContent(large))).Content.ReadAsStringAsync();

        echoed.ShouldBe(large);
        Whorl.Kernel.Observation seen = (await edge.ObservationsAsync(1)).Single();
        seen.Get("http.version").ShouldBe("2");
        seen.Get("http.scheme").ShouldBe("https");
        seen.Get("tls.ja4").ShouldNotBeNull().ShouldStartWith("t13");
        seen.Get("http2.fingerprint").ShouldNotBeNull();
        edge.Log.ShouldBeQuiet();
    }

    [Fact]
    public async Task Http1_over_tls_takes_our_own_reader()
    {
        await using WebApplication site = await SiteAsync();
        await using TestEdge edge = await TestEdge.StartAsync(options => options.Listen = ["https://127.0.0.1:0"], site.Urls.Single());
        using HttpClient client = new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true }, UseProxy = false });

        (await client.GetStringAsync($"https://{edge.EndPoint}/scheme")).ShouldBe("https");
        (await client.GetStringAsync($"https://{edge.EndPoint}/scheme")).ShouldBe("https");

        IReadOnlyList<Whorl.Kernel.Observation> seen = await edge.ObservationsAsync(2);
        seen[0].Get("http.version").ShouldBe("1.1");
        seen[0].Get("http.header_order").ShouldBe("Host");
    }

    [Fact]
    public async Task Requests_under_way_end_before_the_edge_does()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawUpstream upstream = RawUpstream.Talking(async talk =>
        {
            string? head = await talk.ReadHeadAsync();
            if (head?.Contains("/slow", StringComparison.Ordinal) == true)
            {
                asked.SetResult();
                await go.Task.WaitAsync(talk.Stop);
                await talk.SendAsync(RawUpstream.Ok("done"));
            }
        });
        await using TestEdge edge = await TestEdge.StartAsync(_ => { }, upstream.Url);
        using HttpClient client = edge.Client();
        Task<string> answer = client.GetStringAsync("/slow");
        await asked.Task;

        Task stopped = edge.Worker.StopAsync(CancellationToken.None);
        stopped.IsCompleted.ShouldBeFalse();
        go.SetResult();

        (await answer).ShouldBe("done");
        await stopped.WaitAsync(TimeSpan.FromSeconds(20));
        (await edge.ObservationsAsync(1)).Single().Get("http.status").ShouldBe("200");
    }

    private static async Task<WebApplication> SiteAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/scheme", (HttpRequest request) => request.Headers["X-Forwarded-Proto"].ToString());
        app.MapPost("/echo", static async (HttpContext context) => await context.Request.Body.CopyToAsync(context.Response.Body));
        app.Map("/socket", static async (HttpContext context) =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            byte[] buffer = new byte[64];
            WebSocketReceiveResult got = await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.SendAsync(Encoding.UTF8.GetBytes("echo " + Encoding.UTF8.GetString(buffer, 0, got.Count)), WebSocketMessageType.Text, true, context.RequestAborted);
            await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        await app.StartAsync();
        return app;
    }
}
