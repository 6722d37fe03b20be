using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Whorl.Bus;
using Whorl.Delivery.Api;
using Whorl.Delivery.Cli;
using Whorl.Kernel;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Api;

/// <summary>The API in a real host: on a loopback port, where keys are asked for, and on the socket in the data folder, where none is.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();

    private ApiServer(TempFolder folder, WebApplication app)
    {
        _folder = folder;
        _app = app;
        _http.BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(address => address.StartsWith("http://127", StringComparison.Ordinal)));
    }

    public Uri Address => _http.BaseAddress!;

    public string Data => _folder.Path;

    public IServiceProvider Services => _app.Services;

    public static async Task<ApiServer> StartAsync()
    {
        TempFolder folder = new();
        WebApplicationBuilder builder = CreateBuilder(folder.Path);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.ListenUnixSocket(folder.File(LocalNode.SocketFile), listen => listen.Use(next => connection =>
            {
                connection.Features.Set(LocalSocketFeature.Instance);
                return next(connection);
            }));
        });
        WebApplication app = builder.Build();
        foreach (EndpointMap endpoints in app.Services.GetServices<EndpointMap>())
        {
            endpoints.Map(app);
        }

        await app.StartAsync();
        return new(folder, app);
    }

    /// <summary>The services of a node with its data in a folder, nothing started.</summary>
    public static WebApplicationBuilder CreateBuilder(string data)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new("Node:Data", data)]);
        builder.Logging.ClearProviders();
        builder.AddStores();
        builder.AddBus();
        builder.AddApi();
        return builder;
    }

    public async Task<string> NewKeyAsync(bool mayWrite) =>
        (await Services.GetRequiredService<ApiKeyStore>().AddAsync(mayWrite ? "writer" : "reader", mayWrite, default))!;

    /// <summary>Sends a request; the answer's JSON is null where it has none.</summary>
    public async Task<(HttpStatusCode Status, JsonElement? Json)> SendAsync(string method, string path, string? key, string? body = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        if (key is not null)
        {
            request.Headers.Add("X-Api-Key", key);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using HttpResponseMessage answer = await _http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true ? JsonElement.Parse(text) : null);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
