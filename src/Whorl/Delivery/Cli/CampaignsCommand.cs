using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Exports.Campaigns;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl campaigns list|show|export</c>: what the store of this machine knows, whether Whorl runs or not.</summary>
internal static class CampaignsCommand
{
    private static readonly string[] Formats = ["json", "csv", "stix"];

    public static Command Create(LocalNode node, Output output, Func<Stream> data)
    {
        Option<bool> json = new("--json") { Description = "JSON on standard output" };
        Argument<string> id = new("id") { Description = "the campaign, as `whorl campaigns list` shows it" };
        Option<string> text = new("--text") { Description = "part of the label, or of the host of a member" };
        Option<int> limit = new("--limit") { Description = "at most so many", DefaultValueFactory = _ => 50 };
        Option<CampaignOrder> order = new("--order") { Description = "changed, sites or score" };
        Option<string> format = new("--format") { Description = "json, csv or stix", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong(Formats);

        Command list = new("list", "campaigns, the newest change first") { text, order, limit, json };
        list.SetAction((parsed, cancel) => RunAsync(node, output, parsed, queries => ListAsync(
            queries, new(parsed.GetValue(order), parsed.GetValue(text), Limit: parsed.GetValue(limit)), output, parsed.GetValue(json), cancel)));
        Command show = new("show", "one campaign: its sites, and what they share") { id, json };
        show.SetAction((parsed, cancel) => RunAsync(node, output, parsed, queries => WithAsync(queries.CampaignAsync, output, parsed.GetValue(id)!, detail => Show(detail, output, parsed.GetValue(json)), cancel)));
        Command export = new("export", "one campaign for another system, on standard output") { id, format };
        export.SetAction((parsed, cancel) => RunAsync(node, output, parsed, queries => WithAsync(queries.WholeAsync, output, parsed.GetValue(id)!, detail => Export(detail, data, parsed.GetValue(format)!), cancel)));
        return new Command("campaigns", """
            web sites that one hand seems to be behind

            Examples:
              whorl campaigns list --order sites
              whorl campaigns show 01k8zq3v9e7t2m5n4p6r8s0w1x
              whorl campaigns export 01k8zq3v9e7t2m5n4p6r8s0w1x --format stix
            """) { list, show, export };
    }

    private static async Task<int> RunAsync(LocalNode node, Output output, ParseResult parsed, Func<CampaignQueries, Task<int>> verb)
    {
        try
        {
            await using WebApplication? host = node.Open(parsed);
            return host is null ? ExitCode.WrongUsage : await verb(host.Services.GetRequiredService<CampaignQueries>());
        }
        catch (Stores.StoreException fault)
        {
            return output.Fail(fault.Message, fault.Hint);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            return output.Fail(fault.Message, "See `whorl doctor` for what this machine lacks.");
        }
    }

    private static async Task<int> ListAsync(CampaignQueries queries, CampaignQuery query, Output output, bool json, CancellationToken cancel)
    {
        IReadOnlyList<Campaign> campaigns = await queries.CampaignsAsync(query, cancel);
        if (json)
        {
            output.Json(writer => JsonSerializer.Serialize(writer, campaigns, CampaignExport.Json));
            return ExitCode.Done;
        }

        output.Table(
            ["id", "sites", "score", "changed", "label"],
            [.. campaigns.Select(each => (IReadOnlyList<string>)[each.Id.ToString(), Text(each.Sites), Text(each.Score), Text(each.Changed), each.Label])]);
        output.Say($"{campaigns.Count} of {await queries.CountAsync(query, cancel)} campaigns");
        return ExitCode.Done;
    }

    private static async Task<int> WithAsync(Func<CampaignId, CancellationToken, Task<CampaignDetail?>> read, Output output, string text, Func<CampaignDetail, int> use, CancellationToken cancel)
    {
        if (!CampaignId.TryParse(text, out CampaignId id))
        {
            return output.Fail($"'{text}' is no id of a campaign.", "`whorl campaigns list` shows them.", ExitCode.WrongUsage);
        }

        CampaignDetail? detail = await read(id, cancel);
        return detail switch
        {
            null => output.Fail($"No campaign {id} is known.", "`whorl campaigns list` shows them."),
            { Campaign.MergedInto: { } into } => output.Fail($"The campaign {id} is part of {into} since {Text(detail.Campaign.Changed)}.", $"whorl campaigns show {into}"),
            _ => use(detail),
        };
    }

    private static int Show(CampaignDetail detail, Output output, bool json)
    {
        if (json)
        {
            output.Json(writer => JsonSerializer.Serialize(writer, detail, CampaignExport.Json));
            return ExitCode.Done;
        }

        output.Say($"{detail.Campaign.Label}: {detail.Campaign.Sites} sites, score {Text(detail.Campaign.Score)}, since {Text(detail.Campaign.First)}");
        output.Table(
            ["site", "class", "last", "strength", "through"],
            [.. detail.Members.Select(member => (IReadOnlyList<string>)[member.Site.Site, member.Site.Class, Text(member.Site.Last), Text(member.Strength), member.Through ?? ""])]);
        output.Say("shared:");
        output.Table(
            ["members", "of all", "weight", "feature"],
            [.. detail.Shared.Where(each => each.Weight > 0).Select(each => (IReadOnlyList<string>)[Text(each.Members), Text(each.Shown), Text(each.Weight), each.Feature.ToString()])]);
        return ExitCode.Done;
    }

    private static int Export(CampaignDetail detail, Func<Stream> data, string format)
    {
        ArrayBufferWriter<byte> text = new();
        Action<CampaignDetail, IBufferWriter<byte>> write = format switch { "csv" => CampaignExport.WriteCsv, "stix" => CampaignExport.WriteStix, _ => CampaignExport.WriteJson };
        write(detail, text);
        using Stream stream = data();
        stream.Write(text.WrittenSpan);
        if (format != "csv")
        {
            stream.WriteByte((byte)'\n');
        }

        return ExitCode.Done;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(double score) => score.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
