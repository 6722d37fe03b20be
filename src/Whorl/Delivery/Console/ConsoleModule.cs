using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Decisions;
using Whorl.Analysis.Explanations;
using Whorl.Analysis.Identities;
using Whorl.Analysis.Journal;
using Whorl.Analysis.Rotations;
using Whorl.Analysis.Rules;
using Whorl.Bus;
using Whorl.Delivery.Api;
using Whorl.Delivery.WebConsole.Accounts;
using Whorl.Delivery.WebConsole.Attackers;
using Whorl.Delivery.WebConsole.Captures;
using Whorl.Delivery.WebConsole.Decisions;
using Whorl.Delivery.WebConsole.Decoys;
using Whorl.Delivery.WebConsole.Overview;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Prober;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Delivery.WebConsole.Sites;
using Whorl.Kernel;
using Whorl.Sources.Probes;
using Whorl.Sources.Sites;
using Whorl.Stores;
using Whorl.Stores.Objects;

namespace Whorl.Delivery.WebConsole;

/// <summary>Wires the console: pages over what the other modules hold. The namespace is not called Console, which would hide System.Console from its siblings.</summary>
internal static class ConsoleModule
{
    public static IHostApplicationBuilder AddConsole(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<ConsoleOptions, ConsoleOptionsValidator>();
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.AddStores().AddBus().AddJournalReader().AddRotationsReader().AddIdentitiesReader().AddProbesReader().AddSitesReader().AddCampaignsReader().AddObjects().AddDecisions().AddApi();
        IServiceCollection services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddRazorComponents();
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "whorl-form";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            antiforgery.FormFieldName = "form-token";
            antiforgery.SuppressXFrameOptionsHeader = true; // ConsoleSecurity says DENY for everything.
        });
        services.Configure<FormOptions>(ConsoleSecurity.Limit);
        AddKeys(builder);
        Session.Add(services);
        services.AddSingleton(AccountStore.Migrations);
        services.AddSingleton<SignInThrottle>().AddSingleton<Passwords>().AddSingleton<SignInEndpoints>();
        services.AddSingleton<AccountStore>();
        services.AddSingleton<LiveRequests>().AddSingleton<LiveStream>().AddSingleton<RequestEndpoints>();
        services.AddSingleton(provider => new RequestHistory(provider.GetRequiredService<LiveRequests>(), provider.GetService<JournalStore>(), provider.GetService<RuleLibrary>()));
        services.AddSingleton<CaptureLive>().AddSingleton<CaptureEndpoints>();
        services.AddSingleton<AttackerEndpoints>().AddSingleton<ProberLive>().AddSingleton<ProberPages>();
        services.AddSingleton<DecoysLive>().AddSingleton<DecoyPages>();
        services.AddSingleton<SummaryHistory>().AddSingleton<OverviewEndpoints>();
        services.AddSingleton<DecisionPages>();
        services.AddSingleton<SitePages>().AddSingleton<SiteDetails>().AddSingleton<JobPages>().AddSingleton<FeaturePages>().AddSingleton<CampaignPages>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ExplanationJson.Default));
        services.AddHostedService<FirstSignIn>();
        services.AddHostedService<ConsoleWorker>();
        services.AddSingleton(new RequestPipeline(ConsoleSecurity.Use));
        services.AddSingleton(new EndpointMap(Map));
        return builder;
    }

    private static void Map(IEndpointRouteBuilder routes)
    {
        IServiceProvider services = routes.ServiceProvider;
        StaticAssets.Map(routes);
        IEndpointRouteBuilder strangers = routes.MapGroup("").AllowAnonymous().ExcludeFromDescription().AddEndpointFilter(ConsoleSecurity.RequireTokenAsync);
        IEndpointRouteBuilder members = routes.MapGroup("").RequireAuthorization(Session.ViewPolicy).ExcludeFromDescription().AddEndpointFilter(ConsoleSecurity.RequireTokenAsync);
        IEndpointRouteBuilder operators = routes.MapGroup("").RequireAuthorization(Session.OperatePolicy).ExcludeFromDescription().AddEndpointFilter(ConsoleSecurity.RequireTokenAsync);
        services.GetRequiredService<SignInEndpoints>().Map(strangers, members);
        services.GetRequiredService<OverviewEndpoints>().Map(members);
        services.GetRequiredService<RequestEndpoints>().Map(members);
        services.GetRequiredService<CaptureEndpoints>().Map(members);
        services.GetRequiredService<AttackerEndpoints>().Map(members);
        services.GetRequiredService<ProberPages>().Map(members, operators);
        services.GetRequiredService<DecoyPages>().Map(members);
        services.GetRequiredService<DecisionPages>().Map(members, operators);
        services.GetRequiredService<SitePages>().Map(members, operators);
        services.GetRequiredService<SiteDetails>().Map(members, operators);
        services.GetRequiredService<JobPages>().Map(members, operators);
        services.GetRequiredService<FeaturePages>().Map(members);
        services.GetRequiredService<CampaignPages>().Map(members);
        routes.MapGet("/api/v1/explain/{id}", services.GetRequiredService<RequestEndpoints>().ExplainAsync).RequireAuthorization(ApiAccess.ReadPolicy)
            .WithName("explain").WithTags("requests").WithSummary("Why a request ended as it did: verdict, rules, evidence, the actor's other requests")
            .Produces<Explanation>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        TimeProvider clock = services.GetRequiredService<TimeProvider>();
        members.MapGet("/rules", (HttpContext http) => Page.Show<RulesPage, RulesModel>(http, new(services.GetService<RuleLibrary>()?.State, clock.GetUtcNow())));
        members.MapGet("/help", (HttpContext http) => Page.Show<HelpPage, HelpModel>(http, HelpModel.Instance));
    }

    // Sessions outlive a restart; the keys lie with the node's other files, open to its owner alone.
    private static void AddKeys(IHostApplicationBuilder builder)
    {
        // It warns at every first start that keys are not encrypted: the folder's mode is what guards them, as it guards the database.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error);
        IServiceCollection services = builder.Services;
        services.AddDataProtection().SetApplicationName("whorl");
        services.AddOptions<KeyManagementOptions>().Configure<IOptions<NodeOptions>, ILoggerFactory>((keys, node, loggers) =>
            keys.XmlRepository = new FileSystemXmlRepository(Directory.CreateDirectory(Path.Combine(node.Value.Data, "keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), loggers));
    }
}

/// <summary>The page about filters needs nothing.</summary>
internal sealed class HelpModel
{
    public static readonly HelpModel Instance = new();

    private HelpModel()
    {
    }
}
