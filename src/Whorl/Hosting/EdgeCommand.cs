using System.CommandLine;
using Whorl.Sources.Edge;

namespace Whorl.Hosting;

/// <summary><c>whorl edge --to URL</c>: the whole product in front of one site, with one line and no settings.</summary>
internal static class EdgeCommand
{
    public static Command Create()
    {
        Option<string> to = new("--to") { Description = "the site to protect, such as http://127.0.0.1:3000", HelpName = "URL", Required = true };
        Option<string> listen = new("--listen") { Description = "where visitors connect", HelpName = "URL", DefaultValueFactory = _ => EdgeOptions.DefaultListen };
        to.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValue(to), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            {
                result.AddError($"--to: '{result.GetValue(to)}' is no address of a site; write it as http://127.0.0.1:3000, without a path");
            }
        });
        listen.Validators.Add(result =>
        {
            if (!EdgeOptionsCheck.TryReadListen(result.GetValue(listen) ?? "", out _))
            {
                result.AddError($"--listen: '{result.GetValue(listen)}' is no address like {EdgeOptions.DefaultListen}");
            }
        });
        Command command = new("edge", "protect one site with one line") { to, listen };
        command.SetAction((parsed, cancel) => RunCommand.RunAsync(
            ["edge", "analyst", "console"], parsed.GetValue(RunCommand.ConfigOption), Settings(parsed.GetValue(to)!, parsed.GetValue(listen)!), cancel));
        return command;
    }

    /// <summary>What the two options say, as settings; they stand over those of a file.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Settings(string to, string listen) =>
    [
        new("Edge:Listen:0", listen),
        new("Edge:Sites:0:Upstreams:0:Url", to),
    ];
}
