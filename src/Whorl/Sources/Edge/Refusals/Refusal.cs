using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Refusals;

/// <summary>
/// Pages for visitors whose request is refused or cannot be answered: plain words, a reference code to quote, and nothing of the private reason.
/// HTML, JSON or plain text, as the client accepts.
/// </summary>
internal sealed class Refusal
{
    private readonly PageTemplate _blocked;

    private readonly PageTemplate _throttled;

    private readonly PageTemplate _unavailable;

    private readonly PageTemplate _problem;

    private readonly string _contact;

    public Refusal(PageOptions options)
    {
        _contact = options.Contact ?? "the operator of this site";
        _blocked = PageTemplate.Load(options.Folder, "blocked");
        _throttled = PageTemplate.Load(options.Folder, "throttled");
        _unavailable = PageTemplate.Load(options.Folder, "unavailable");
        _problem = PageTemplate.Load(options.Folder, "problem");
    }

    public OwnAnswer Blocked(Exchange exchange) =>
        Answer(exchange, 403, _blocked, "This request was refused.");

    public OwnAnswer Throttled(Exchange exchange, int seconds)
    {
        OwnAnswer answer = Answer(exchange, 429, _throttled, "Too many requests came from your address. Please wait a little.");
        return answer with { Fields = [.. answer.Fields, KeyValuePair.Create("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))] };
    }

    public OwnAnswer Unavailable(Exchange exchange, int status) =>
        Answer(exchange, status, _unavailable, status == 504 ? "The site did not answer in time." : "The site cannot be reached just now.");

    public OwnAnswer Problem(Exchange exchange, int status) =>
        Answer(exchange, status, _problem, status switch
        {
            404 => "There is no site of this name here.",
            413 => "What you sent is larger than this site takes.",
            400 => "What you sent could not be read to its end.",
            431 => "The header of this request is larger than this site takes.",
            _ => "Something went wrong on our side.",
        });

    private OwnAnswer Answer(Exchange exchange, int status, PageTemplate page, string sentence)
    {
        string code = exchange.Reference.ToString();
        string accept = exchange.Header("accept") ?? "";
        (string type, byte[] body) = accept.Contains("text/html", StringComparison.OrdinalIgnoreCase) ? ("text/html; charset=utf-8", page.Fill(status, sentence, code, _contact))
            : accept.Contains("json", StringComparison.OrdinalIgnoreCase) ? ("application/problem+json", Json(status, sentence, code))
            : ("text/plain; charset=utf-8", Encoding.UTF8.GetBytes($"{sentence}\nReference: {code}\nIf you think this is wrong, write to {_contact} and quote the reference.\n"));
        return new(status, type, body)
        {
            Fields =
            [
                KeyValuePair.Create("Cache-Control", "no-store"),
                KeyValuePair.Create("X-Robots-Tag", "noindex"),
                KeyValuePair.Create("X-Whorl-Reference", code),
                KeyValuePair.Create("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ],
        };
    }

    private static byte[] Json(int status, string sentence, string code) => JsonSerializer.SerializeToUtf8Bytes(
        new ProblemAnswer("about:blank", ReasonPhrases.GetReasonPhrase(status), status, sentence, code), RefusalJson.Default.ProblemAnswer);

    /// <summary>A page with places to fill, read once.</summary>
    private sealed class PageTemplate(string text)
    {
        public static PageTemplate Load(string? folder, string name)
        {
            string file = name + ".html";
            string own = Path.Combine(folder ?? "", file);
            return new(File.ReadAllText(folder is not null && File.Exists(own) ? own : Path.Combine(AppContext.BaseDirectory, "content", "pages", file)));
        }

        public byte[] Fill(int status, string sentence, string code, string contact) => Encoding.UTF8.GetBytes(text
            .Replace("{{status}}", status.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{{sentence}}", sentence, StringComparison.Ordinal)
            .Replace("{{reference}}", code, StringComparison.Ordinal)
            .Replace("{{contact}}", WebUtility.HtmlEncode(contact), StringComparison.Ordinal));
    }
}

/// <summary>RFC 9457, with the reference code beside it.</summary>
internal sealed record ProblemAnswer(string Type, string Title, int Status, string Detail, string Reference);

[System.Text.Json.Serialization.JsonSerializable(typeof(ProblemAnswer))]
[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class RefusalJson : System.Text.Json.Serialization.JsonSerializerContext;
