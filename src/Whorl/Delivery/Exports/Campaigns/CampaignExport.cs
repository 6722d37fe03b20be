using System.Buffers;
using Whorl.Analysis.Campaigns.Queries;

namespace Whorl.Delivery.Exports.Campaigns;

/// <summary>A campaign for other systems. The same campaign gives the same bytes.</summary>
internal static class CampaignExport
{
    public const string JsonType = "application/json";
    public const string CsvType = "text/csv; charset=utf-8";
    public const string StixType = "application/stix+json;version=2.1";

    /// <summary>Everything a page shows, as one JSON object with names in snake_case.</summary>
    public static void WriteJson(CampaignDetail campaign, IBufferWriter<byte> output) => throw new NotSupportedException("Not yet.");

    /// <summary>One row for each member, with a row of names (RFC 4180). A value that a spreadsheet would run gets an apostrophe in front.</summary>
    public static void WriteCsv(CampaignDetail campaign, IBufferWriter<byte> output) => throw new NotSupportedException("Not yet.");

    /// <summary>A bundle of STIX 2.1.</summary>
    public static void WriteStix(CampaignDetail campaign, IBufferWriter<byte> output) => throw new NotSupportedException("Not yet.");
}
