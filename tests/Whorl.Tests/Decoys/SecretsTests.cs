using System.Text;
using Whorl.Kernel;
using Whorl.Sources.Decoys;

namespace Whorl.Tests.Decoys;

/// <summary>Where the operator does not want passwords kept, none is, however it was sent.</summary>
public sealed class SecretsTests
{
    private const string Web = "{ service: http, pages: [{ path: /, body: hello }] }";

    private static readonly string[] Kinds = [DecoyKinds.Auth, DecoyKinds.Command, DecoyKinds.Payload, DecoyKinds.SessionEnded, "http.request"];

    [Theory]
    [InlineData("HELLO 3 AUTH default hunter2\r\n")]
    [InlineData("AUTH a b hunter2\r\n")]
    [InlineData("CONFIG SET requirepass hunter2\r\n")]
    [InlineData("CONFIG SET maxmemory 1 masterauth hunter2\r\n")]
    [InlineData("MIGRATE 192.0.2.1 6379 k 0 5 AUTH2 u hunter2 KEYS a\r\n")]
    [InlineData("ACL SETUSER u on >hunter2\r\n")]
    [InlineData("*3\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\nx")]
    public async Task Redis_tells_commands_without_the_passwords_in_them(string said) => await NothingIsKeptAsync("{ service: redis, accept: any }", said);

    [Theory]
    [InlineData("EHLO a\r\nAUTH XOAUTH2 hunter2\r\n")]
    public async Task Smtp_tells_of_mechanisms_it_does_not_know_by_their_names(string said) => await NothingIsKeptAsync("{ service: smtp }", said);

    [Theory]
    [InlineData("GET /login?user=a&PassWord=hunter2&x=1 HTTP/1.1\r\nHost: a\r\nReferer: http://a/?user%5Bpassword%5D=hunter2\r\n\r\n", "")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {0}\r\n\r\n", "--x\r\nContent-Disposition: form-data; name=\"user[passwd]\"\r\n\r\nhunter2\r\n--x--\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {0}\r\n\r\n", "log=a&pwd=hunter2&long={1}")]
    [InlineData("GET / HTTP/1.1\r\nbroken\x01\r\nAuthorization: Basic hunter2\r\n\r\n", "")]
    public async Task Web_requests_are_told_without_the_passwords_in_them(string head, string body)
    {
        body = body.Replace("{1}", new string('x', 20_000), StringComparison.Ordinal);
        await NothingIsKeptAsync(Web, head.Replace("{0}", $"{body.Length}", StringComparison.Ordinal) + body);
    }

    [Fact]
    public async Task What_else_stands_in_a_query_is_told()
    {
        await using TestDecoy decoy = new(Web, configure: options => options.Secrets = SecretKeeping.Omitted);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.AskAsync("GET /?file=../../etc/passwd&pwd=x&z=1 HTTP/1.1\r\nHost: a\r\n\r\n", "hello");
        decoy.Sink.Of("http.request").ShouldHaveSingleItem().Attributes.GetProperty("http.query").GetString().ShouldBe("file=../../etc/passwd&pwd=***&z=1");
    }

    [Fact]
    public async Task A_form_of_many_parts_is_heard_as_an_attempt()
    {
        await using TestDecoy decoy = new(Web);
        using DecoyClient client = await decoy.ConnectAsync();
        string body = "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nadmin\r\n--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--x--\r\n";
        await client.AskAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {body.Length}\r\n\r\n{body}", "hello");
        decoy.Sink.Of(DecoyKinds.Auth).Select(attempt => $"{attempt.Attributes.GetProperty("auth.user")}:{attempt.Attributes.GetProperty("auth.secret")}").ShouldBe(["admin:hunter2"]);
    }

    private static async Task NothingIsKeptAsync(string service, string said)
    {
        await using TestDecoy decoy = new(service, configure: options => options.Secrets = SecretKeeping.Omitted);
        using (DecoyClient client = await decoy.ConnectAsync())
        {
            await client.SayAsync(said);
            client.EndSaying();
            await client.HearAllAsync();
        }

        await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded);
        Observation[] told = [.. Kinds.SelectMany(decoy.Sink.Of)];
        string.Concat(told.Select(each => each.Attributes.GetRawText())).ShouldNotContain("hunter2");
        foreach (string hash in told.Where(each => each.Kind == DecoyKinds.Payload).Select(each => each.Attributes.GetProperty("payload.sha256").GetString()!))
        {
            await using Stream kept = decoy.Objects.Open(hash)!;
            using StreamReader reader = new(kept, Encoding.Latin1);
            (await reader.ReadToEndAsync()).ShouldNotContain("hunter2");
        }
    }
}
