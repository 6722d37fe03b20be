using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Exports.Campaigns;
using Whorl.Delivery.Exports.Stix;
using Whorl.Kernel.Sites;

namespace Whorl.Tests.Exports;

public sealed partial class CampaignExportTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    // What STIX 2.1 demands of each type (§3.2, §4, §5.1, §6).
    private static readonly Dictionary<string, string[]> Required = new(StringComparer.Ordinal)
    {
        ["campaign"] = ["spec_version", "created", "modified", "name"],
        ["infrastructure"] = ["spec_version", "created", "modified", "name"],
        ["indicator"] = ["spec_version", "created", "modified", "pattern", "pattern_type", "valid_from"],
        ["relationship"] = ["spec_version", "created", "modified", "relationship_type", "source_ref", "target_ref"],
        ["domain-name"] = ["value"],
        ["url"] = ["value"],
        ["ipv4-addr"] = ["value"],
        ["ipv6-addr"] = ["value"],
        ["x509-certificate"] = ["hashes"],
    };

    // §5.1 and the tables of relationships in §4.
    private static readonly HashSet<(string From, string How, string To)> Relationships =
    [
        ("campaign", "uses", "infrastructure"), ("indicator", "indicates", "campaign"),
        ("infrastructure", "consists-of", "domain-name"), ("infrastructure", "consists-of", "url"), ("infrastructure", "consists-of", "ipv4-addr"),
        ("infrastructure", "consists-of", "ipv6-addr"), ("infrastructure", "consists-of", "x509-certificate"),
    ];

    [Fact]
    public void A_bundle_has_what_the_specification_demands_and_every_reference_leads_somewhere()
    {
        JsonElement bundle = JsonDocument.Parse(Text(CampaignExport.WriteStix)).RootElement;
        bundle.GetProperty("type").GetString().ShouldBe("bundle");
        Dictionary<string, JsonElement> objects = bundle.GetProperty("objects").EnumerateArray().ToDictionary(each => each.GetProperty("id").GetString()!);

        foreach ((string id, JsonElement each) in objects)
        {
            string type = each.GetProperty("type").GetString()!;
            id.ShouldStartWith($"{type}--");
            Uuid5().IsMatch(id[(type.Length + 2)..]).ShouldBeTrue(id);
            Required[type].Where(name => !each.TryGetProperty(name, out _)).ShouldBeEmpty(id);
            each.GetProperty("spec_version").GetString().ShouldBe("2.1");
            foreach (JsonProperty time in each.EnumerateObject().Where(property => property.Name is "created" or "modified" or "valid_from" or "first_seen" or "last_seen"))
            {
                Timestamp().IsMatch(time.Value.GetString()!).ShouldBeTrue(time.Name);
            }

            if (type == "relationship")
            {
                string from = each.GetProperty("source_ref").GetString()!, to = each.GetProperty("target_ref").GetString()!;
                objects.ShouldContainKey(from);
                objects.ShouldContainKey(to);
                Relationships.ShouldContain((from[..from.IndexOf("--", StringComparison.Ordinal)], each.GetProperty("relationship_type").GetString()!, to[..to.IndexOf("--", StringComparison.Ordinal)]));
            }
        }

        string[] counts = [.. objects.Values.GroupBy(each => each.GetProperty("type").GetString()).Select(type => $"{type.Key} {type.Count()}").Order(StringComparer.Ordinal)];
        counts.ShouldBe(["campaign 1", "domain-name 1", "indicator 2", "infrastructure 1", "ipv4-addr 1", "ipv6-addr 1", "relationship 9", "url 2", "x509-certificate 1"]);
        objects.Values.Where(each => each.GetProperty("type").GetString() == "indicator").Select(each => each.GetProperty("pattern").GetString())
            .ShouldBe(["[domain-name:value = 'example.com']", "[ipv6-addr:value = '2001:db8::1']"]);
    }

    [Fact]
    public void Ids_of_observables_are_those_that_everybody_computes()
    {
        // The example of STIX 2.1 Errata 01 (the first edition's did not follow its own rule), and ids that other implementations test with.
        StixId.OfValue("domain-name", "example.com").ShouldBe("domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7");
        StixId.OfValue("domain-name", "control.example.com").ShouldBe("domain-name--427e3664-0043-5865-b454-97df26649bde");
        StixId.OfValue("ipv4-addr", "198.51.100.8").ShouldBe("ipv4-addr--6c83081b-13af-5e30-ba30-6f401772a083");
    }

    [Fact]
    public void The_same_campaign_gives_the_same_bytes() => Text(CampaignExport.WriteStix).ShouldBe(Text(CampaignExport.WriteStix));

    [Fact]
    public void A_title_runs_nothing_in_a_spreadsheet_and_ends_no_row()
    {
        string[] rows = Text(CampaignExport.WriteCsv).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

        rows.Length.ShouldBe(3);
        rows[0].ShouldStartWith("site,url,title,");
        rows[1].ShouldStartWith("example.com,https://example.com/,\"'=cmd(\"\"x\"\"), y\",http_content,2026-03-01T12:00:00Z,");
    }

    [Fact]
    public void Json_has_ids_and_features_as_their_texts()
    {
        JsonElement json = JsonDocument.Parse(Text(CampaignExport.WriteJson)).RootElement;

        json.GetProperty("campaign").GetProperty("id").GetString()!.Length.ShouldBe(26);
        json.GetProperty("shared")[0].GetProperty("feature").GetString().ShouldBe("ip=198.51.100.3");
        json.GetProperty("history")[0].GetProperty("step").GetString().ShouldBe("new");
    }

    private static string Text(Action<CampaignDetail, IBufferWriter<byte>> write)
    {
        CampaignId id = new(new Guid("0195509f-5a00-7000-8000-000000000001"));
        CampaignSite one = new("example.com", "https://example.com/", "=cmd(\"x\"),\ny", "http_content", "scan", Time, Time, id);
        CampaignSite two = new("2001:db8::1", "https://[2001:db8::1]/", null, "http_content", "scan", Time, Time.AddHours(1), id);
        CampaignDetail detail = new(
            new(id, "Shop", 2, 0.9, Time, Time.AddHours(2), null),
            [new(one, Time, 0.9, two.Site, true), new(two, Time.AddHours(1), 0.9, one.Site, true)],
            [],
            [new(new(FeatureKinds.Address, "198.51.100.3"), 2, 2, 0.5), new(new(FeatureKinds.Certificate, new string('a', 64)), 2, 2, 0.9)],
            [new(Time, CampaignStep.New, null, 2)]);
        ArrayBufferWriter<byte> output = new();
        write(detail, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    [GeneratedRegex("^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", RegexOptions.NonBacktracking)]
    private static partial Regex Uuid5();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", RegexOptions.NonBacktracking)]
    private static partial Regex Timestamp();
}
