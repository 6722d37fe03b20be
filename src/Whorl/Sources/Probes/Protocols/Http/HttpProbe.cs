using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;
using Whorl.Kernel.Certificates;
using Whorl.Kernel.Writing;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Http;

/// <summary>What a web server says of itself: its front page and its icon. Nothing is followed, nothing is sent but these two requests.</summary>
/// <param name="userAgent">How it introduces itself.</param>
internal sealed class HttpProbe(string userAgent) : IProbe
{
    // Of one answer; a front page that is longer is told by its beginning. A thousand hostile ones at once must fit into memory.
    private const int MaxAnswer = 128 * 1024;

    private const int FirstBuffer = 8 * 1024;

    // Where the port itself says that TLS is spoken and nobody has looked.
    private static readonly ushort[] TlsPorts = [443, 4443, 8443, 9443, 10443];

    public ProbeName Name => ProbeName.Http;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        bool tls = target.Tls || TlsPorts.Contains(target.Port);
        (ParseStatus status, HttpAnswer? answer, byte[] bytes) = await GetAsync(target, budget, tls, "/");
        if (!tls && (status == ParseStatus.Malformed || answer?.Status == 400))
        {
            // A TLS server answers a plain request with an alert or a word of complaint.
            (ParseStatus Status, HttpAnswer? Answer, byte[] Bytes)? second = await TryTlsAsync(target, budget);
            if (second is { Status: ParseStatus.Done })
            {
                tls = true;
                (status, answer, bytes) = second.Value;
            }
        }

        if (status != ParseStatus.Done)
        {
            return status == ParseStatus.NeedMore ? ProbeFailure.ClosedEarly : ProbeFailure.NotThisProtocol;
        }

        Attributes attributes = Describe(answer!, bytes, tls);
        await AddIconAsync(target, budget, tls, attributes);
        return ProbeResult.Of(new Finding(ProbeKinds.Http, attributes));
    }

    private static Attributes Describe(HttpAnswer answer, byte[] bytes, bool tls)
    {
        byte[] body = answer.Body(bytes);
        string? title = HtmlTitle.Find(body);
        return new Attributes()
            .Text("http.scheme", tls ? "https" : "http")
            .Number("http.status", answer.Status)
            .Text("http.server", answer.Field("Server"))
            .Text("http.location", answer.Field("Location"), HostileText.MaxLine)
            .Text("http.title", title, HostileText.MaxLine)
            .Text("http.title_sha256", title is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(title))))
            .Text("http.body_sha256", body.Length == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(body)))
            .Text("http.header_order", answer.FieldOrder, HostileText.MaxList);
    }

    private async Task AddIconAsync(ProbeTarget target, ProbeBudget budget, bool tls, Attributes attributes)
    {
        try
        {
            (ParseStatus status, HttpAnswer? answer, byte[] bytes) = await GetAsync(target, budget, tls, "/favicon.ico");
            if (status == ParseStatus.Done && answer!.Status == 200 && answer.Body(bytes) is { Length: > 0 } icon && (answer.IsWhole(bytes) || (!answer.IsChunked && answer.ContentLength is null)))
            {
                attributes.Text("http.favicon_mmh3", $"{Favicon.Hash(icon)}").Text("http.favicon_sha256", Convert.ToHexStringLower(SHA256.HashData(icon)));
            }
        }
        catch (Exception fault) when (Asker.FailureOf(fault) is not null || fault is OperationCanceledException)
        {
            // The front page stands without it; where the process is stopping, the next wait says so.
        }
    }

    private async Task<(ParseStatus, HttpAnswer?, byte[])?> TryTlsAsync(ProbeTarget target, ProbeBudget budget)
    {
        try
        {
            return await GetAsync(target, budget, tls: true, "/");
        }
        catch (Exception fault) when (fault is AuthenticationException || Asker.FailureOf(fault) is ProbeFailure.ClosedEarly or ProbeFailure.NotThisProtocol)
        {
            return null;
        }
    }

    private async Task<(ParseStatus Status, HttpAnswer? Answer, byte[] Bytes)> GetAsync(ProbeTarget target, ProbeBudget budget, bool tls, string path)
    {
        using ProbeBudget.Turn turn = await budget.TakeTurnAsync(1);
        using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
        await using Stream stream = connection.AsStream();
        if (!tls)
        {
            return await ExchangeAsync(stream, target, budget, tls, path);
        }

        await using SslStream secure = new(stream);
        SslClientAuthenticationOptions options = AnyCertificate.ClientOptions(target.Host, []);
        options.ApplicationProtocols = [SslApplicationProtocol.Http11];
        await secure.AuthenticateAsClientAsync(options, budget.Deadline);
        return await ExchangeAsync(secure, target, budget, tls, path);
    }

    private async Task<(ParseStatus Status, HttpAnswer? Answer, byte[] Bytes)> ExchangeAsync(Stream stream, ProbeTarget target, ProbeBudget budget, bool tls, string path)
    {
        string host = target.Host.Contains(':') ? $"[{target.Host}]" : target.Host;
        host += target.Port == (tls ? 443 : 80) ? "" : $":{target.Port}";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {userAgent}\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"), budget.Deadline);
        byte[] bytes = new byte[FirstBuffer];
        int read = 0;
        HttpAnswer? answer = null;
        ParseStatus status = ParseStatus.NeedMore;
        while (read < MaxAnswer)
        {
            if (read == bytes.Length)
            {
                Array.Resize(ref bytes, Math.Min(bytes.Length * 2, MaxAnswer));
            }

            int count = await ReadAsync(stream, bytes.AsMemory(read), budget, answer is not null);
            read += count;
            if (count == 0)
            {
                break;
            }

            status = answer is null ? HttpAnswer.TryParse(bytes.AsSpan(0, read), out answer) : status;
            if (status == ParseStatus.Malformed || (answer is not null && answer.IsWhole(bytes.AsSpan(0, read))))
            {
                break;
            }
        }

        return (status, answer, bytes[..read]);
    }

    // Once the head is there a server that breaks off has answered; many do, in place of a proper end.
    private static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> into, ProbeBudget budget, bool headIsThere)
    {
        try
        {
            return await stream.ReadAsync(into, budget.Deadline);
        }
        catch (Exception fault) when (headIsThere && Asker.FailureOf(fault) == ProbeFailure.ClosedEarly)
        {
            return 0;
        }
    }
}
