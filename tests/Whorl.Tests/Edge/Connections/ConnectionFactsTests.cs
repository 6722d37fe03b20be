using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Edge;
using Whorl.Sources.Edge.Connections;
using Whorl.Sources.Edge.Wires;

namespace Whorl.Tests.Edge.Connections;

/// <summary>Real connections through every connection middleware; the server answers with the facts it has.</summary>
public sealed class ConnectionFactsTests : IAsyncLifetime
{
    private const string Loopback = "127.0.0.0/8";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("whorl-connections-");
    private CertificateStore _certificates = null!;

    public ValueTask InitializeAsync()
    {
        _certificates = new(Options.Create(new TlsOptions()), Options.Create(new NodeOptions { Data = _folder.FullName }), TimeProvider.System, NullLogger<CertificateStore>.Instance);
        return default;
    }

    public ValueTask DisposeAsync()
    {
        _certificates.Dispose();
        _folder.Delete(recursive: true);
        return default;
    }

    [Fact]
    public async Task An_http2_client_over_tls_has_all_its_fingerprints()
    {
        await using WebApplication app = await ServeAsync(https: true);
        using HttpClient client = Client();

        Facts facts = (await client.GetFromJsonAsync<Facts>(Address(app, "https")))!;

        facts.Ja3.ShouldNotBeNull().ShouldMatch("^[0-9a-f]{32}$");
        facts.Ja4.ShouldNotBeNull().ShouldMatch("^t13.*h2_[0-9a-f]{12}_[0-9a-f]{12}$");
        facts.TlsVersion.ShouldBe("1.3");
        facts.Alpn.ShouldBe("h2");
        facts.Http2Fingerprint.ShouldNotBeNull().Split('|').Length.ShouldBe(4);
        facts.HeaderOrder.ShouldBeNull();
        facts.TcpSignature.ShouldNotBeNull().ShouldStartWith("4:64+0:0:");
        facts.Peer.ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task An_http1_client_has_the_order_and_case_of_its_headers()
    {
        await using WebApplication app = await ServeAsync(https: false);

        string answer = await SendAsync(app, "GET / HTTP/1.1\r\nHost: a\r\nuser-AGENT: x\r\nAccept: */*\r\nConnection: close\r\n\r\n"u8.ToArray(), pieces: 1);

        answer.ShouldContain("\"headerOrder\":\"Host,user-AGENT,Accept,Connection\"");
        answer.ShouldContain("\"ja4\":null");
    }

    [Fact]
    public async Task A_head_that_comes_byte_by_byte_is_read_whole()
    {
        await using WebApplication app = await ServeAsync(https: false);

        string answer = await SendAsync(app, "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nConnection: close\r\n\r\n"u8.ToArray(), pieces: 40);

        answer.ShouldContain("\"headerOrder\":\"Host,B,Connection\"");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(16, 7)]
    [InlineData(100, 100_000)]
    public async Task A_hello_split_over_records_and_segments_has_the_fingerprint_of_the_whole(int recordLength, int segmentLength)
    {
        await using WebApplication app = await ServeAsync(https: true);
        string whole = await HandshakeAndAskAsync(app, stream => stream);
        string split = await HandshakeAndAskAsync(app, stream => new HelloSplitter(stream, recordLength, segmentLength));

        split.ShouldContain("\"ja4\":\"t13");
        Ja4Of(split).ShouldBe(Ja4Of(whole));
    }

    [Fact]
    public async Task A_trusted_proxy_says_who_connected()
    {
        await using WebApplication app = await ServeAsync(https: false, proxyProtocol: true, trusted: [Loopback]);

        string answer = await SendAsync(app, [.. "PROXY TCP4 203.0.113.9 192.0.2.1 60000 443\r\n"u8, .. "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8], pieces: 3);

        answer.ShouldContain("\"peer\":\"203.0.113.9\"");
        answer.ShouldContain("\"tcpSignature\":null");
    }

    [Theory]
    [InlineData(true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData(false, "PROXY TCP4 203.0.113.9 192.0.2.1 60000 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Without_a_header_from_a_trusted_proxy_the_connection_ends(bool trusted, string sent)
    {
        await using WebApplication app = await ServeAsync(https: false, proxyProtocol: true, trusted: trusted ? [Loopback] : []);

        (await SendAsync(app, Encoding.ASCII.GetBytes(sent), pieces: 1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_header_that_nobody_asked_for_is_a_bad_request()
    {
        await using WebApplication app = await ServeAsync(https: false, trusted: [Loopback]);

        string answer = await SendAsync(app, "PROXY TCP4 203.0.113.9 192.0.2.1 60000 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), pieces: 1);

        answer.ShouldStartWith("HTTP/1.1 400");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u00ff\u00ff")]
    [InlineData("\u0015\u0003\u0001\u0000\u0002\u0002\u0028")]
    public async Task What_is_no_client_hello_ends_the_connection(string sent)
    {
        await using WebApplication app = await ServeAsync(https: true);

        (await SendAsync(app, Encoding.Latin1.GetBytes(sent), pieces: 1, shutdown: true)).ShouldBeEmpty();
    }

    private async Task<WebApplication> ServeAsync(bool https, bool proxyProtocol = false, List<string>? trusted = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        string address = $"{(https ? "https" : "http")}://127.0.0.1:0";
        EdgeOptions edge = new() { Listen = [address], TrustedProxies = trusted ?? [], ProxyProtocol = proxyProtocol ? [address] : [] };
        EdgeListening listening = new(_certificates, Options.Create(new TlsOptions()), Options.Create(edge), TimeProvider.System);
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => new WireTransport(EdgeListening.Listen, services.GetRequiredService<IMemoryPoolFactory<byte>>(), new Deadlines(TimeProvider.System), TimeSpan.FromMinutes(1)));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listening.Configure(listen, https ? "https" : "http")));
        WebApplication app = builder.Build();
        app.MapGet("/", (HttpContext context) =>
        {
            ConnectionFacts facts = context.Features.Get<ConnectionFacts>()!;
            return Results.Json(new Facts(facts.Peer.ToString(), facts.Ja3, facts.Ja4, facts.Alpn, facts.TlsVersion, facts.TcpSignature, facts.Http2Fingerprint, facts.HeaderOrder));
        });
        await app.StartAsync();
        return app;
    }

    private static string Address(WebApplication app, string scheme) => $"{scheme}://127.0.0.1:{new Uri(app.Urls.First()).Port}/";

    private static HttpClient Client()
    {
        SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        return new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
    }

    private static async Task<string> SendAsync(WebApplication app, byte[] bytes, int pieces, bool shutdown = false)
    {
        using TcpClient client = new() { NoDelay = true };
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.First()).Port);
            NetworkStream stream = client.GetStream();
            foreach (byte[] piece in bytes.Chunk(Math.Max(1, bytes.Length / pieces)))
            {
                await stream.WriteAsync(piece);
            }

            if (shutdown)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            return await ReadToEndAsync(stream);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            // A reset: the connection was aborted, perhaps before it was seen to be made.
            return "";
        }
    }

    private static async Task<string> ReadToEndAsync(Stream stream)
    {
        using StreamReader reader = new(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    private static async Task<string> HandshakeAndAskAsync(WebApplication app, Func<Stream, Stream> wrap)
    {
        using TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.First()).Port);
        await using SslStream tls = new(wrap(client.GetStream()), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http11], AllowTlsResume = false });
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());
        return await ReadToEndAsync(tls);
    }

    private static string Ja4Of(string answer) => answer.Split("\"ja4\":\"")[1].Split('"')[0];

    private sealed record Facts(string Peer, string? Ja3, string? Ja4, string? Alpn, string? TlsVersion, string? TcpSignature, string? Http2Fingerprint, string? HeaderOrder);

    /// <summary>Cuts the first TLS record a client writes into many records, and those into many writes.</summary>
    private sealed class HelloSplitter(Stream inner, int recordLength, int segmentLength) : Stream
    {
        private bool _split;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_split)
            {
                await inner.WriteAsync(buffer, cancellationToken);
                return;
            }

            _split = true;
            List<byte> records = [];
            foreach (byte[] piece in buffer[5..].ToArray().Chunk(recordLength))
            {
                records.AddRange([0x16, 0x03, 0x01, (byte)(piece.Length >> 8), (byte)piece.Length, .. piece]);
            }

            foreach (byte[] segment in records.ToArray().Chunk(segmentLength))
            {
                await inner.WriteAsync(segment, cancellationToken);
            }
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
