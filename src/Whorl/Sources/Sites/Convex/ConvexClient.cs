using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Whorl.Stores;

namespace Whorl.Sources.Sites.Convex;

/// <summary>
/// Calls functions of a Convex deployment over its HTTP API. What may pass by itself (no connection, no answer, 429, 5xx) is tried again, so every function called here must bear that;
/// then it is an <see cref="IOException"/>. What a person has to change is a <see cref="StoreException"/>. Neither ever holds the key.
/// </summary>
internal sealed class ConvexClient : IDisposable
{
    // Convex answers with 16 MiB at most.
    private const int MaxAnswer = 20 * 1024 * 1024;

    // Characters of what the other side says that an error repeats.
    private const int MaxTold = 500;

    // Status of an answer that tells of a function that threw; its body says what.
    private const int FunctionFailed = 560;

    private const int Tries = 4;

    /// <summary>For one try.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A deployment answers 400 to a name without a version of three numbers.
    private static readonly string Name = $"whorl-{typeof(ConvexClient).Assembly.GetName().Version!.ToString(3)}";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },

        // A record of a scan is JSON within JSON: escaping for pages would make it several times as large.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // What is missing is a fault of the answer, found where it is read.
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly HttpClient _http;
    private readonly string _base;
    private readonly string _secret;
    private readonly string _folder;
    private readonly TimeProvider _clock;

    /// <param name="handler">Other than a handler of its own; for tests.</param>
    public ConvexClient(ConvexOptions options, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        _base = options.Url.TrimEnd('/') + "/api/";
        _clock = clock;
        bool isOwner = options.AdminKey.Length > 0;
        _secret = isOwner ? options.AdminKey : options.AuthToken;

        // The owner may call internal functions; whoever signs in calls those that check the identity.
        _folder = isOwner ? "" : "signed/";

        // No redirects: the key is for this address alone.
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = DecompressionMethods.All,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        if (_secret.Length > 0)
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"{(isOwner ? "Convex" : "Bearer")} {_secret}");
        }

        _http.DefaultRequestHeaders.TryAddWithoutValidation("Convex-Client", Name);
    }

    /// <summary>Where it is, for people.</summary>
    public string Host => new Uri(_base).Authority;

    public Task<T> QueryAsync<T>(string function, object arguments, CancellationToken cancel) => CallAsync<T>("query", function, arguments, cancel);

    public Task<T> MutateAsync<T>(string function, object arguments, CancellationToken cancel) => CallAsync<T>("mutation", function, arguments, cancel);

    public void Dispose() => _http.Dispose();

    private async Task<T> CallAsync<T>(string kind, string function, object arguments, CancellationToken cancel)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new Call(_folder + function, arguments, "json"), Json);
        for (int attempt = 1; ; attempt++)
        {
            string fault;
            try
            {
                (HttpStatusCode status, byte[] answer) = await PostAsync(kind, body, cancel);
                if (!MayPass(status))
                {
                    return Read<T>(function, status, answer);
                }

                fault = $"status {(int)status}: {Told(System.Text.Encoding.UTF8.GetString(answer))}";
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException)
            {
                fault = Told(broken.Message);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                fault = $"no answer within {Patience.TotalSeconds:0} s";
            }

            if (attempt == Tries)
            {
                throw new IOException($"Convex at {Host} does not answer {function}: {fault}");
            }

            // Half of each pause is chance: many workers that lost it at one moment do not come back at one moment.
            await Task.Delay(FirstPause * Math.Pow(4, attempt - 1) * (0.5 + (Random.Shared.NextDouble() / 2)), _clock, cancel);
        }
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(string kind, byte[] body, CancellationToken cancel)
    {
        using CancellationTokenSource late = new(Patience, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        using HttpRequestMessage request = new(HttpMethod.Post, _base + kind);
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        await using Stream stream = await response.Content.ReadAsStreamAsync(either.Token);
        using MemoryStream answer = new();
        byte[] piece = new byte[16 * 1024];
        for (int read = await stream.ReadAsync(piece, either.Token); read > 0; read = await stream.ReadAsync(piece, either.Token))
        {
            if (answer.Length + read > MaxAnswer)
            {
                throw new StoreException($"{Host} answers with more than Convex ever does", Hints.Address);
            }

            answer.Write(piece, 0, read);
        }

        return (response.StatusCode, answer.ToArray());
    }

    private static bool MayPass(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || ((int)status >= 500 && (int)status != FunctionFailed);

    private T Read<T>(string function, HttpStatusCode status, byte[] body)
    {
        Answer? answer = null;
        try
        {
            answer = JsonSerializer.Deserialize<Answer>(body, Json);
        }
        catch (JsonException)
        {
            // Said below: it is no answer.
        }

        if (answer is { Status: "success", Value.ValueKind: not JsonValueKind.Undefined })
        {
            return TryRead(answer.Value, out T? value) ? value! : throw new StoreException($"Convex at {Host} answered {function} in a form that this version does not know", Hints.Deploy);
        }

        if (answer is { Status: "error" })
        {
            string said = Told(answer.ErrorMessage ?? "");
            throw new StoreException($"Convex at {Host} refused {function}: {said}", said.Contains("Could not find", StringComparison.Ordinal) ? Hints.Deploy : Hints.Access);
        }

        throw status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? new StoreException($"Convex at {Host} does not accept the key or token: {Told(answer?.Message ?? "")}", Hints.Access)
            : new StoreException($"{Host} does not answer as Convex does: status {(int)status}{(answer?.Message is { } message ? $": {Told(message)}" : "")}", Hints.Address);
    }

    // Only texts may be absent; and annotations say nothing about the entries of a list.
    private static bool TryRead<T>(JsonElement value, out T? read)
    {
        read = default;
        try
        {
            read = value.Deserialize<T>(Json);
            bool mayBeNull = typeof(T) == typeof(string) || typeof(T) == typeof(object);
            return read is null ? mayBeNull : read is not Array list || list.Cast<object?>().All(entry => entry is not null);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // One line, bounded, and without the key should the other side repeat it.
    private string Told(string text)
    {
        string said = _secret.Length > 0 ? text.Replace(_secret, "…", StringComparison.Ordinal) : text;
        said = string.Concat(said.Take(MaxTold).Select(c => char.IsControl(c) ? ' ' : c));
        return said.Length < text.Length && said.Length == MaxTold ? said + "…" : said;
    }

    private static class Hints
    {
        public const string Address = "Check Sites:Convex:Url (CONVEX_URL)";
        public const string Access = "Check Sites:Convex:AdminKey (CONVEX_ADMIN_KEY) or Sites:Convex:AuthToken (CONVEX_AUTH_TOKEN), and WHORL_WORKERS of the deployment";
        public const string Deploy = "Deploy the functions of this version: npx convex deploy in the folder convex";
    }

    private sealed record Call(string Path, object Args, string Format);

    private sealed record Answer(string? Status = null, JsonElement Value = default, string? ErrorMessage = null, string? Message = null);
}
