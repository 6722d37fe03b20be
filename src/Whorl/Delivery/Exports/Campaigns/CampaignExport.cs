using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Kernel.Sites;
using Whorl.Kernel.Writing;

namespace Whorl.Delivery.Exports.Campaigns;

/// <summary>A campaign for other systems. The same campaign gives the same bytes.</summary>
internal static class CampaignExport
{
    public const string JsonType = "application/json";
    public const string CsvType = "text/csv; charset=utf-8";

    /// <summary>How campaigns stand in JSON: ids and features as their texts, names in snake_case, what is absent left out.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new IdConverter(), new FeatureConverter(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private static readonly string[] Columns = ["site", "url", "title", "class", "first", "last", "joined", "strength", "through", "firm", "campaign"];

    /// <summary>Everything a page shows, as one JSON object with names in snake_case.</summary>
    public static void WriteJson(CampaignDetail campaign, IBufferWriter<byte> output)
    {
        using Utf8JsonWriter json = new(output);
        JsonSerializer.Serialize(json, campaign, Json);
    }

    /// <summary>One row for each member, with a row of names.</summary>
    public static void WriteCsv(CampaignDetail campaign, IBufferWriter<byte> output)
    {
        Encoding.UTF8.GetBytes(CsvRow.Write(Columns), output);
        foreach (CampaignMember member in campaign.Members)
        {
            Encoding.UTF8.GetBytes(
                CsvRow.Write(
                    member.Site.Site, member.Site.Url, member.Site.Title ?? "", member.Site.Class, Time(member.Site.First), Time(member.Site.Last), Time(member.Joined),
                    member.Strength.ToString("0.###"), member.Through ?? "", member.Firm ? "true" : "false", campaign.Campaign.Id.ToString()),
                output);
        }
    }

    /// <summary>A bundle of STIX 2.1.</summary>
    public static void WriteStix(CampaignDetail campaign, IBufferWriter<byte> output)
    {
        using Utf8JsonWriter json = new(output);
        new StixBundle(campaign, json).Write();
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private sealed class IdConverter : JsonConverter<CampaignId>
    {
        public override CampaignId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            CampaignId.TryParse(reader.GetString(), out CampaignId id) ? id : throw new JsonException("No id of a campaign.");

        public override void Write(Utf8JsonWriter writer, CampaignId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class FeatureConverter : JsonConverter<SiteFeature>
    {
        public override SiteFeature Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            SiteFeature.TryParse(reader.GetString(), out SiteFeature feature) ? feature : throw new JsonException("No feature.");

        public override void Write(Utf8JsonWriter writer, SiteFeature value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
