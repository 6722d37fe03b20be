using System.CommandLine;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Delivery.Cli;

/// <summary>What verbs need of this machine's configuration. Hosting fills it in, because verbs may not name Hosting.</summary>
/// <param name="Open">All services, nothing started; null, after saying why, where the configuration cannot be used.</param>
internal sealed record LocalNode(Func<ParseResult, WebApplication?> Open)
{
    public const string SocketFile = "whorl.sock";

    public static string SocketOf(WebApplication host) =>
        Path.Combine(Path.GetFullPath(host.Services.GetRequiredService<IOptions<NodeOptions>>().Value.Data), SocketFile);
}
