using System.Text.Json;
using Whorl.Kernel;

namespace Whorl.Tests.Decoys;

/// <summary>The web decoy: pages, baits, sign-ins, bodies, keeping alive.</summary>
public sealed class WebServiceTests
{
    private const string Site = "{ service: http, banner: Apache/2.4.54 (Debian), pages: [{ path: /, body: hello }, { path: /.env, type: text/plain, body: KEY=1 }, { path: \"/admin*\", realm: Router }, { path: /old, location: /new }] }";

    [Fact]
    public async Task Pages_are_served_one_after_another_on_one_connection()
    {
        await using TestDecoy decoy = new(Site);
        using DecoyClient client = await decoy.ConnectAsync();
        string first = await client.AskAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "hello");
        first.ShouldStartWith("HTTP/1.1 200 OK\r\nServer: Apache/2.4.54 (Debian)\r\n");
        (await client.AskAsync("GET /.env HTTP/1.1\r\nHost: a\r\n\r\n", "KEY=1")).ShouldContain("Content-Type: text/plain\r\n");
        (await client.AskAsync("HEAD /old HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "\r\n\r\n")).ShouldContain("Location: /new\r\n");
        (await client.HearAllAsync()).ShouldBeEmpty();
        JsonElement[] requests = [.. (await decoy.Sink.WaitAsync("http.request", 3)).Select(request => request.Attributes)];
        requests.Select(request => request.GetProperty("http.path").GetString()).ShouldBe(["/", "/.env", "/old"]);
        requests.Select(request => request.GetProperty("http.status").GetInt32()).ShouldBe([200, 200, 302]);
    }

    [Fact]
    public async Task A_request_that_comes_byte_by_byte_is_answered_at_its_end()
    {
        await using TestDecoy decoy = new(Site);
        using DecoyClient client = await decoy.ConnectAsync();
        foreach (char each in "\r\nGET /.env HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n")
        {
            await client.SayAsync([(byte)each]);
        }

        (await client.HearAsync("KEY=1")).ShouldStartWith("HTTP/1.1 200 OK\r\n");
    }

    [Fact]
    public async Task A_persona_says_in_its_own_words_what_is_wrong_and_answers_methods_apart()
    {
        await using TestDecoy decoy = new("{ service: http, pages: [{ path: /x, status: 405, body: post only }, { path: /x, method: POST, body: posted }, { path: \"/private*\", realm: Router }], errors: [{ status: 404, body: gone }, { status: 401, type: text/plain, body: who }] }");
        using DecoyClient client = await decoy.ConnectAsync();
        (await client.AskAsync("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "post only")).ShouldStartWith("HTTP/1.1 405 ");
        (await client.AskAsync("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "posted")).ShouldStartWith("HTTP/1.1 200 ");
        (await client.AskAsync("GET /none HTTP/1.1\r\nHost: a\r\n\r\n", "gone")).ShouldStartWith("HTTP/1.1 404 ");
        (await client.AskAsync("GET /private/a HTTP/1.1\r\nHost: a\r\n\r\n", "who")).ShouldContain("WWW-Authenticate: Basic realm=\"Router\"\r\n");
    }

    [Fact]
    public async Task Basic_credentials_are_told_and_refused()
    {
        await using TestDecoy decoy = new(Site);
        using DecoyClient client = await decoy.ConnectAsync();
        string answer = await client.AskAsync($"GET /admin/x HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {Convert.ToBase64String("admin:p:w"u8)}\r\n\r\n", "\r\n\r\n");
        answer.ShouldStartWith("HTTP/1.1 401 Unauthorized");
        answer.ShouldContain("WWW-Authenticate: Basic realm=\"Router\"\r\n");
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.method").GetString().ShouldBe("basic");
        attempt.GetProperty("auth.secret").GetString().ShouldBe("p:w");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "log=admin&pwd=a%21b+c&wp-submit=Log+In", "admin", "a!b c")]
    [InlineData("application/json", "{\"email\":\"a@b\",\"password\":\"x y\"}", "a@b", "x y")]
    [InlineData("text/xml", "<?xml version=\"1.0\"?><methodCall><params><param><value><string>root</string></value></param><param><value><string>toor</string></value></param></params></methodCall>", "root", "toor")]
    public async Task What_is_sent_to_sign_in_is_told_as_an_attempt(string type, string body, string user, string password)
    {
        await using TestDecoy decoy = new(Site);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.AskAsync($"POST /wp-login.php HTTP/1.1\r\nHost: a\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}", "HTTP/1.1 404");
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        attempt.GetProperty("auth.user").GetString().ShouldBe(user);
        attempt.GetProperty("auth.secret").GetString().ShouldBe(password);
    }

    [Fact]
    public async Task A_chunked_body_is_kept_and_the_next_request_follows()
    {
        await using TestDecoy decoy = new(Site);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync("PUT /shell.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<?php\r\n3;x=y\r\n ?>\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        (await client.HearAllAsync()).ShouldEndWith("hello");
        JsonElement payload = decoy.Sink.Of(DecoyKinds.Payload).ShouldHaveSingleItem().Attributes;
        payload.GetProperty("payload.bytes").GetInt32().ShouldBe(8);
        payload.GetProperty("payload.name").GetString().ShouldBe("/shell.php");
    }

    [Fact]
    public async Task What_is_no_request_is_kept_and_answered_as_the_server_would()
    {
        await using TestDecoy decoy = new(Site);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.SayAsync([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x0A]);
        (await client.HearAllAsync()).ShouldStartWith("HTTP/1.1 400 Bad Request");
        decoy.Sink.Of(DecoyKinds.Payload).ShouldHaveSingleItem().Attributes.GetProperty("payload.type").GetString().ShouldBe("data");
    }
}
