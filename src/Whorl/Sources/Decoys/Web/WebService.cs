using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Web;

/// <summary>HTTP/1.1 with the persona's pages; what is sent to forms and by Basic is told as an attempt to sign in, other bodies as payloads.</summary>
internal sealed class WebService : IDecoyService
{
    // Requests on one connection; nginx's keepalive_requests.
    private const int MaxRequests = 1000;

    private readonly string _server;
    private readonly FrozenDictionary<string, PersonaPage> _exact;
    private readonly (string Prefix, PersonaPage Page)[] _prefixes;
    private readonly FrozenDictionary<int, PersonaError> _errors;

    public WebService(DecoyPlace place)
    {
        _server = place.Service.Banner ?? "nginx/1.18.0";
        PersonaPage[] pages = [.. place.Service.Pages.DistinctBy(page => (page.Method, page.Path))];
        _exact = pages.Where(page => !page.Path.EndsWith('*')).ToFrozenDictionary(page => page.Method + page.Path, StringComparer.Ordinal);
        _prefixes = [.. pages.Where(page => page.Path.EndsWith('*')).Select(page => (page.Path[..^1], page)).OrderByDescending(entry => entry.Item1.Length).ThenBy(entry => entry.page.Method is null)];
        _errors = place.Service.Errors.DistinctBy(error => error.Status).ToFrozenDictionary(error => error.Status);
    }

    public async Task ServeAsync(DecoySession session)
    {
        for (int i = 0; i < MaxRequests; i++)
        {
            Http1Head? head;
            ParseStatus status;
            while ((status = Http1Head.TryParse(session.Input.Span, out head)) == ParseStatus.NeedMore)
            {
                int seen = session.Input.Length;
                do
                {
                    if (!await session.MoreAsync())
                    {
                        return;
                    }
                }
                while (!IsWorthReading(session.Input.Span, seen));
            }

            if (status == ParseStatus.Malformed)
            {
                await NotHttpAsync(session);
                return;
            }

            if (!await AnswerAsync(session, head!))
            {
                return;
            }
        }
    }

    // Whether what came since may have ended the head, or is as much again: single bytes do not have all be read anew.
    private static bool IsWorthReading(ReadOnlySpan<byte> held, int seen)
    {
        ReadOnlySpan<byte> fresh = held[Math.Max(0, seen - "\n\r".Length)..];
        return held.Length >= 2 * seen || fresh.IndexOf("\n\r\n"u8) >= 0 || fresh.IndexOf("\n\n"u8) >= 0;
    }

    // True where another request may follow.
    private async Task<bool> AnswerAsync(DecoySession session, Http1Head head)
    {
        RequestParts parts = RequestParts.Of(head, session.Input.Span);
        PersonaPage page = Find(head.Method, parts.Path) ?? Error(404, "404 Not Found");
        page = page.Realm is null ? page : Error(401, "401 Authorization Required") with { Realm = page.Realm };
        session.Report.Request(head, session.Input.Span[..head.Length], page.Status, session.IsEncrypted);
        session.Report.ClientBanner ??= parts.UserAgent;
        if (BasicSecret.TryRead(parts.Authorization, out string user, out byte[] secret))
        {
            session.Report.Attempt(new("basic", user, secret));
        }

        session.Consume(head.Length);
        if (parts.ExpectsContinue)
        {
            await session.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        }

        bool whole = await WebBody.TakeAsync(session, parts);
        bool keep = whole && parts.KeepsAlive && !session.IsOver;
        await session.WriteAsync(Answer(session, page, parts.IsHead, keep));
        return keep;
    }

    private PersonaPage? Find(string method, string path)
    {
        if (_exact.TryGetValue(method + path, out PersonaPage? page) || _exact.TryGetValue(path, out page))
        {
            return page;
        }

        foreach ((string prefix, PersonaPage found) in _prefixes)
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal) && (found.Method is null || found.Method == method))
            {
                return found;
            }
        }

        return null;
    }

    // As the persona says it; else as nginx does.
    private PersonaPage Error(int status, string title) =>
        _errors.TryGetValue(status, out PersonaError? error) ? new(null, "", status, error.Type, null, null, error.Body) : new(null, "", status, "text/html", null, null, Plain(title));

    private string Plain(string title) => $"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{_server}</center>\r\n</body>\r\n</html>\r\n";

    private byte[] Answer(DecoySession session, PersonaPage page, bool headOnly, bool keep)
    {
        byte[] body = Encoding.UTF8.GetBytes(page.Body);
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {page.Status} {Reason(page.Status)}\r\nServer: {_server}\r\nDate: {session.Clock.GetUtcNow():r}\r\nContent-Type: {page.Type}\r\nContent-Length: {body.Length}\r\n");
        head.Append(page.Location is null ? "" : $"Location: {page.Location}\r\n");
        head.Append(page.Realm is null ? "" : $"WWW-Authenticate: Basic realm=\"{page.Realm}\"\r\n");
        head.Append(keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
        byte[] bytes = Encoding.Latin1.GetBytes(head.ToString());
        return headOnly ? bytes : [.. bytes, .. body];
    }

    private async Task NotHttpAsync(DecoySession session)
    {
        await session.Report.MixedAsync(session.Input, session.Input.Length, null);
        await session.WriteAsync(Answer(session, Error(400, "400 Bad Request"), headOnly: false, keep: false));
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        500 => "Internal Server Error",
        503 => "Service Temporarily Unavailable",
        _ => "OK",
    };
}
