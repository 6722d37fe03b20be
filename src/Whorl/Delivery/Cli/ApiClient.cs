using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Whorl.Analysis.Decisions.Lists;
using Whorl.Analysis.Explanations;
using Whorl.Delivery.Api;
using Whorl.Kernel;

namespace Whorl.Delivery.Cli;

/// <summary>The desk of a running process, over its unix socket or its address.</summary>
internal sealed class ApiClient : IDecisionDesk, IDisposable
{
    private const string Decisions = "api/v1/decisions";

    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;

    private ApiClient(HttpClient http) => _http = http;

    /// <summary>Null where nobody answers on the socket.</summary>
    public static async Task<ApiClient?> OverSocketAsync(string path, CancellationToken cancel)
    {
        UnixDomainSocketEndPoint end = new(path);
        async ValueTask<Stream> ConnectAsync(CancellationToken stop)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(end, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        try
        {
            await using Stream probe = await ConnectAsync(cancel);
        }
        catch (SocketException)
        {
            return null;
        }

        return new(new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, stop) => ConnectAsync(stop), UseProxy = false })
        {
            BaseAddress = new Uri("http://localhost/"),
            Timeout = Timeout.InfiniteTimeSpan,
        });
    }

    public static ApiClient At(Uri address, string key)
    {
        HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = ConnectTime, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(address.ToString().TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return new(http);
    }

    public Task<DecisionPage> ListAsync(DecisionFilter filter, CancellationToken cancel) =>
        SendAsync(HttpMethod.Get, Query(filter), null, ApiJson.Default.DecisionPage, cancel);

    public Task<DecisionView> AddAsync(NewDecision decision, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, Decisions, JsonContent.Create(decision, ApiJson.Default.NewDecision), ApiJson.Default.DecisionView, cancel);

    public async Task<int> EndAsync(string id, CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Delete, $"{Decisions}/{Uri.EscapeDataString(id)}", null, ApiJson.Default.EndedView, cancel)).Ended;

    public async Task<int> EndAsync(DecisionFilter filter, CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Delete, Query(filter), null, ApiJson.Default.EndedView, cancel)).Ended;

    public Task<ListImportResult> ImportAsync(Stream list, ImportSettings settings, CancellationToken cancel) => SendAsync(
        HttpMethod.Post,
        QueryHelpers.AddQueryString(Decisions + "/import", new Dictionary<string, string?>
        {
            ["origin"] = settings.Origin,
            ["format"] = settings.Format,
            ["action"] = settings.Action,
            ["for"] = settings.For,
            ["reason"] = settings.Reason,
            ["simulate"] = settings.Simulate?.ToString(),
            ["force"] = settings.Force?.ToString(),
            ["end-missing"] = settings.EndMissing?.ToString(),
        }),
        new StreamContent(list),
        ApiJson.Default.ListImportResult,
        cancel);

    public async Task ExportAsync(string format, Stream output, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await AnswerAsync(HttpMethod.Get, $"{Decisions}/export?format={Uri.EscapeDataString(format)}", null, cancel);
        await answer.Content.CopyToAsync(output, cancel);
    }

    /// <summary>Why an observation ended as it did.</summary>
    public Task<Explanation> ExplainAsync(ObservationId id, CancellationToken cancel) =>
        SendAsync(HttpMethod.Get, $"api/v1/explain/{id}", null, ExplanationJson.Default.Explanation, cancel);

    public void Dispose() => _http.Dispose();

    private static string Query(DecisionFilter filter) => QueryHelpers.AddQueryString(Decisions, new Dictionary<string, string?>
    {
        ["ip"] = filter.Ip,
        ["scope"] = filter.Scope,
        ["value"] = filter.Value,
        ["origin"] = filter.Origin,
        ["scenario"] = filter.Scenario,
        ["action"] = filter.Action,
        ["active"] = filter.Active,
        ["before"] = filter.Before,
        ["limit"] = filter.Limit?.ToString(),
    });

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await AnswerAsync(method, path, content, cancel);
        return await answer.Content.ReadFromJsonAsync(type, cancel) ?? throw Unusable();
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(method, path) { Content = content };
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException fault)
        {
            throw new DeskException(new(StatusCodes.Status503ServiceUnavailable, $"Whorl does not answer: {fault.Message}", "See that it runs: `whorl doctor`, its log."));
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            ProblemDetails? problem = null;
            try
            {
                problem = await answer.Content.ReadFromJsonAsync(ApiJson.Default.ProblemDetails, cancel);
            }
            catch (JsonException)
            {
                // Not our words; the status must do.
            }

            throw problem?.Detail is null
                ? Unusable(answer.StatusCode)
                : new DeskException(new((int)answer.StatusCode, problem.Detail, problem.Extensions.TryGetValue("hint", out object? hint) ? hint?.ToString() ?? "" : ""));
        }
    }

    private static DeskException Unusable(System.Net.HttpStatusCode? status = null) => new(new(
        StatusCodes.Status502BadGateway, status is null ? "The answer cannot be read." : $"The answer is {(int)status} {status}.", "Is this the address of Whorl's console?"));
}
