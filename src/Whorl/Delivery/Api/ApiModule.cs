using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Decisions;
using Whorl.Delivery.Api.Sites;
using Whorl.Kernel;

namespace Whorl.Delivery.Api;

/// <summary>Wires the HTTP API: needs the stores, the bus and decisions.</summary>
internal static class ApiModule
{
    public static IHostApplicationBuilder AddApi(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(ApiKeyStore)))
        {
            return builder;
        }

        builder.AddDecisions();
        builder.Services.AddSingleton(ApiKeyStore.Migrations);
        builder.Services.AddSingleton<ApiKeyStore>();
        builder.Services.AddSingleton<SiteDesk>();
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            // The settings of the context do not come along with its types.
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
        });
        builder.Services.AddOpenApi(openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Whorl";
            document.Info.Description = "Decisions of a Whorl: send an API key as X-Api-Key, or connect to the unix socket in the data folder.";
            return Task.CompletedTask;
        }));
        builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiAccess.KeyScheme, null);
        builder.Services.AddAuthorization();
        builder.Services.AddOptions<AuthorizationOptions>().Configure<IOptions<ApiAccess>>((authorization, access) =>
        {
            authorization.AddPolicy(ApiAccess.ReadPolicy, ApiAccess.Policy(access.Value.Schemes, ApiAccess.Read, ApiAccess.Write));
            authorization.AddPolicy(ApiAccess.WritePolicy, ApiAccess.Policy(access.Value.Schemes, ApiAccess.Write));
        });
        builder.Services.AddSingleton(new EndpointMap(routes =>
        {
            DecisionEndpoints.Map(routes);
            SiteEndpoints.Map(routes);
            CampaignEndpoints.Map(routes);
            routes.MapOpenApi("/api/openapi.json").RequireAuthorization(ApiAccess.ReadPolicy);
        }));
        return builder;
    }
}

/// <summary>What the API tells an operator. Event ids 14000 to 14999.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(14100, LogLevel.Warning, "A request to the API failed because the store does not answer")]
    public static partial void StoreFailed(ILogger logger, Exception fault);
}
