using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Whorl.Tests.Stores;

/// <summary>A bucket of a test's own on a loopback port. It verifies AWS Signature Version 4 by itself, from Amazon's description of it, and refuses what is not signed right.</summary>
internal sealed class FakeBucket : IAsyncDisposable
{
    public const string AccessKey = "AKIDWHORLTEST";
    public const string SecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    public const string Name = "evidence";
    public const string Region = "eu-test-1";

    // Few, so that listing takes several pages.
    private const int PageSize = 2;

    private readonly WebApplication _app;

    private FakeBucket(WebApplication app) => _app = app;

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>Why requests were refused.</summary>
    public ConcurrentQueue<string> Refusals { get; } = [];

    /// <summary>Requests by method.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Answers before anything else where it says so.</summary>
    public Func<HttpContext, Task<bool>> Interfere { get; set; } = _ => Task.FromResult(false);

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<FakeBucket> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        FakeBucket bucket = new(app);
        app.Run(bucket.ServeAsync);
        await app.StartAsync();
        return bucket;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        Requests.Enqueue(context.Request.Method);
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        if (await Interfere(context))
        {
            return;
        }

        if (Fault(context.Request, body.ToArray()) is { } fault)
        {
            Refusals.Enqueue(fault);
            await AnswerAsync(context, 403, $"<Error><Code>SignatureDoesNotMatch</Code><Message>{fault}</Message></Error>");
            return;
        }

        string path = context.Request.Path.Value!;
        string key = path.Length > Name.Length + 2 ? path[(Name.Length + 2)..] : "";
        if (!path.StartsWith("/" + Name, StringComparison.Ordinal))
        {
            await AnswerAsync(context, 404, "<Error><Code>NoSuchBucket</Code></Error>");
        }
        else if (key.Length == 0)
        {
            await ListAsync(context);
        }
        else if (context.Request.Method == "PUT")
        {
            Objects[key] = body.ToArray();
            context.Response.Headers.ETag = ETag(body.ToArray());
        }
        else if (Objects.TryGetValue(key, out byte[]? bytes))
        {
            context.Response.Headers.ETag = ETag(bytes);
            context.Response.ContentLength = bytes.Length;
            if (context.Request.Method == "GET")
            {
                await context.Response.Body.WriteAsync(bytes);
            }
        }
        else
        {
            await AnswerAsync(context, 404, context.Request.Method == "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
        }
    }

#pragma warning disable CA5351 // An ETag is one by definition.
    private static string ETag(byte[] bytes) => $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"";
#pragma warning restore CA5351

    private Task ListAsync(HttpContext context)
    {
        string prefix = context.Request.Query["prefix"].ToString(), after = context.Request.Query["continuation-token"].ToString();
        KeyValuePair<string, byte[]>[] rest =
        [
            .. Objects.Where(each => each.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(each.Key, after) > 0).OrderBy(each => each.Key, StringComparer.Ordinal),
        ];
        bool more = rest.Length > PageSize;
        string contents = string.Concat(rest.Take(PageSize).Select(each => $"<Contents><Key>{each.Key}</Key><Size>{each.Value.Length}</Size></Contents>"));
        string next = more ? $"<NextContinuationToken>{rest[PageSize - 1].Key}</NextContinuationToken>" : "";
        return AnswerAsync(context, 200, $"""<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{Name}</Name><IsTruncated>{(more ? "true" : "false")}</IsTruncated>{next}{contents}</ListBucketResult>""");
    }

    private static Task AnswerAsync(HttpContext context, int status, string xml)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        return xml.Length == 0 ? Task.CompletedTask : context.Response.WriteAsync("""<?xml version="1.0" encoding="UTF-8"?>""" + xml);
    }

    // "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon S3 API reference.
    private static string? Fault(HttpRequest request, byte[] body)
    {
        string[] parts = request.Headers.Authorization.ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> fields = parts.Skip(1).Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        if (parts is not ["AWS4-HMAC-SHA256", ..] || !fields.TryGetValue("Credential", out string? credential)
            || !fields.TryGetValue("SignedHeaders", out string? signedHeaders) || !fields.TryGetValue("Signature", out string? signature))
        {
            return "not signed";
        }

        string[] scope = credential.Split('/');
        if (scope is not [AccessKey, { Length: 8 } day, Region, "s3", "aws4_request"])
        {
            return "other key, region or service: " + credential;
        }

        string stated = request.Headers["x-amz-content-sha256"].ToString();
        string actual = Convert.ToHexStringLower(SHA256.HashData(body));
        if (stated != actual && !(stated == "UNSIGNED-PAYLOAD" && body.Length == 0))
        {
            return $"body is not as signed: {stated}";
        }

        string[] signed = signedHeaders.Split(';');
        if (!signed.Contains("host") || !signed.Contains("x-amz-date") || !signed.Contains("x-amz-content-sha256"))
        {
            return "headers that must be signed are not";
        }

        string[] target = request.HttpContext.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?', 2);
        string query = string.Join('&', (target.Length > 1 ? target[1] : "").Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Contains('=') ? pair : pair + "=").Order(StringComparer.Ordinal));
        string headers = string.Concat(signed.Select(name => $"{name}:{string.Join(',', request.Headers[name].Select(value => value!.Trim()))}\n"));
        string canonical = string.Join('\n', request.Method, target[0], query, headers, signedHeaders, stated);
        string time = request.Headers["x-amz-date"].ToString();
        if (!time.StartsWith(day, StringComparison.Ordinal) || !DateTimeOffset.TryParseExact(time, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
        {
            return "no time: " + time;
        }

        string toSign = string.Join('\n', "AWS4-HMAC-SHA256", time, string.Join('/', scope.Skip(1)), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + SecretKey);
        foreach (string step in scope.Skip(1))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(step));
        }

        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign))) == signature ? null : "signature";
    }
}
