using System.Text.Json;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Delivery.Exports.Stix;
using Whorl.Kernel.Sites;

namespace Whorl.Delivery.Exports.Campaigns;

/// <summary>
/// A campaign as a bundle of STIX 2.1: the campaign, what it is hosted on, a domain name and a URL for each member with an indicator, and the addresses and
/// certificates that several members share.
/// </summary>
internal sealed class StixBundle(CampaignDetail detail, Utf8JsonWriter json)
{
    private readonly StixWriter _stix = new(json);
    private readonly string _campaign = StixId.OfName("campaign", detail.Campaign.Id.ToString());
    private readonly string _infrastructure = StixId.OfName("infrastructure", detail.Campaign.Id.ToString());
    private readonly DateTimeOffset _changed = detail.Campaign.Changed;

    public void Write()
    {
        _stix.BeginBundle(StixId.OfName("bundle", $"{detail.Campaign.Id} {_changed.UtcTicks}"));
        WriteCampaign();
        foreach (CampaignMember member in detail.Members)
        {
            WriteMember(member);
        }

        foreach (SiteFeature feature in detail.Shared.Where(each => each.Weight > 0).Select(each => each.Feature))
        {
            ConsistsOf(feature.Kind == FeatureKinds.Address ? _stix.Address(feature.Value) : feature.Kind == FeatureKinds.Certificate ? _stix.Certificate(feature.Value) : null, _changed);
        }

        _stix.EndBundle();
    }

    private void WriteCampaign()
    {
        Begin("campaign", _campaign, detail.Campaign.First);
        json.WriteString("name", detail.Campaign.Label.Length > 0 ? detail.Campaign.Label : detail.Campaign.Id.ToString());
        json.WriteString("description", $"{detail.Campaign.Sites} web sites that share rare fingerprints (campaign {detail.Campaign.Id}, score {detail.Campaign.Score:0.##}).");
        if (detail.Members.Count > 0)
        {
            json.WriteString("first_seen", StixWriter.Time(detail.Members.Min(member => member.Site.First)));
            json.WriteString("last_seen", StixWriter.Time(detail.Members.Max(member => member.Site.Last)));
        }

        json.WriteEndObject();
        Begin("infrastructure", _infrastructure, detail.Campaign.First);
        json.WriteString("name", $"Web sites of campaign {detail.Campaign.Id}");
        WriteOne("infrastructure_types", "unknown");
        json.WriteEndObject();
        WriteRelationship(_campaign, "uses", _infrastructure, detail.Campaign.First);
    }

    private void WriteMember(CampaignMember member)
    {
        (string type, string value) = StixWriter.Host(member.Site.Site);
        ConsistsOf(_stix.Value(type, value), member.Joined);
        ConsistsOf(_stix.Url(member.Site.Url), member.Joined);
        string indicator = StixId.OfName("indicator", $"{detail.Campaign.Id} {member.Site.Site}");
        Begin("indicator", indicator, member.Joined);
        json.WriteString("name", $"Site of campaign {detail.Campaign.Id}: {member.Site.Site}");
        WriteOne("indicator_types", "malicious-activity");
        json.WriteString("pattern", $"[{type}:value = '{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}']");
        json.WriteString("pattern_type", "stix");
        json.WriteString("valid_from", StixWriter.Time(member.Joined));
        json.WriteNumber("confidence", (int)Math.Round(Math.Clamp(member.Strength, 0, 1) * 100));
        json.WriteEndObject();
        WriteRelationship(indicator, "indicates", _campaign, member.Joined);
    }

    private void ConsistsOf(string? observable, DateTimeOffset since)
    {
        if (observable is not null)
        {
            WriteRelationship(_infrastructure, "consists-of", observable, since);
        }
    }

    private void WriteRelationship(string from, string how, string to, DateTimeOffset since)
    {
        if (Begin("relationship", StixId.OfName("relationship", $"{from} {how} {to}"), since))
        {
            json.WriteString("relationship_type", how);
            json.WriteString("source_ref", from);
            json.WriteString("target_ref", to);
            json.WriteEndObject();
        }
    }

    private void WriteOne(string name, string value)
    {
        json.WriteStartArray(name);
        json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private bool Begin(string type, string id, DateTimeOffset created) => _stix.TryBegin(type, id, created, _changed);
}
