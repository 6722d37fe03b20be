using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Content;
using Whorl.Sources.Sites.Pages.Identities;

namespace Whorl.Sources.Sites.Pages;

/// <summary>The catalog of identities of pages, out of what is shipped and the folder <c>identities</c> inside <c>Node:Data</c>.</summary>
internal static partial class PagesModule
{
    public static IHostApplicationBuilder AddPages(this IHostApplicationBuilder builder)
    {
        builder.AddModuleOptions<NodeOptions, NodeOptionsValidator>();
        builder.Services.TryAddSingleton(static services =>
            Load(services.GetRequiredService<IOptions<NodeOptions>>().Value.Data, services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(PagesModule).FullName!)));
        return builder;
    }

    // A faulty pattern is left out and told; visits go on with the others.
    private static IdentityCatalog Load(string data, ILogger log)
    {
        List<ContentFault> faults = [];
        IdentityCatalog catalog = IdentityFiles.Read([IdentityFiles.Shipped, Path.Combine(data, "identities")], faults);
        foreach (ContentFault fault in faults)
        {
            Faulty(log, fault.ToString());
        }

        return catalog;
    }

    [LoggerMessage(42000, LogLevel.Error, "A pattern of identities is left out: {Fault}")]
    private static partial void Faulty(ILogger log, string fault);
}
