using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Whorl.Analysis.Campaigns;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Kernel.Sites;

namespace Whorl.Delivery.Exports.Campaigns;

/// <summary>
/// A campaign as a bundle of STIX 2.1: the campaign, what it is hosted on, a domain name and a URL for each member with an indicator, and the addresses and
/// certificates that several members share.
/// </summary>
internal sealed class StixBundle(CampaignDetail detail)
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private readonly string _campaign = StixId.OfName("campaign", detail.Campaign.Id.ToString());
    private readonly string _infrastructure = StixId.OfName("infrastructure", detail.Campaign.Id.ToString());
    private readonly DateTimeOffset _first = Min(detail.Campaign.First, detail.Campaign.Changed);
    private readonly DateTimeOffset _changed = detail.Campaign.Changed;

    public void Write(IBufferWriter<byte> output)
    {
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        json.WriteString("type", "bundle");
        json.WriteString("id", StixId.OfName("bundle", $"{detail.Campaign.Id} {_changed.UtcTicks}"));
        json.WriteStartArray("objects");
        WriteCampaign(json);
        foreach (CampaignMember member in detail.Members)
        {
            WriteMember(json, member);
        }

        foreach (SiteFeature feature in detail.Shared.Where(each => each.Weight > 0).Select(each => each.Feature))
        {
            WriteShared(json, feature);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private void WriteCampaign(Utf8JsonWriter json)
    {
        Begin(json, "campaign", _campaign, _first);
        json.WriteString("name", detail.Campaign.Label.Length > 0 ? detail.Campaign.Label : detail.Campaign.Id.ToString());
        json.WriteString("description", $"{detail.Campaign.Sites} web sites that share rare fingerprints (campaign {detail.Campaign.Id}, score {detail.Campaign.Score:0.##}).");
        if (detail.Members.Count > 0)
        {
            json.WriteString("first_seen", Time(detail.Members.Min(member => member.Site.First)));
            json.WriteString("last_seen", Time(detail.Members.Max(member => member.Site.Last)));
        }

        json.WriteEndObject();
        Begin(json, "infrastructure", _infrastructure, _first);
        json.WriteString("name", $"Web sites of campaign {detail.Campaign.Id}");
        json.WriteStartArray("infrastructure_types");
        json.WriteStringValue("unknown");
        json.WriteEndArray();
        json.WriteEndObject();
        WriteRelationship(json, _campaign, "uses", _infrastructure, _first);
    }

    private void WriteMember(Utf8JsonWriter json, CampaignMember member)
    {
        string host = member.Site.Site;
        string type = IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) ? AddressType(address) : "domain-name";
        string value = address?.ToString() ?? host;
        string id = WriteValue(json, type, value);
        WriteRelationship(json, _infrastructure, "consists-of", id, member.Joined);
        if (Uri.TryCreate(member.Site.Url, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
        {
            WriteRelationship(json, _infrastructure, "consists-of", WriteValue(json, "url", url.AbsoluteUri), member.Joined);
        }

        string indicator = StixId.OfName("indicator", $"{detail.Campaign.Id} {host}");
        Begin(json, "indicator", indicator, member.Joined);
        json.WriteString("name", $"Site of campaign {detail.Campaign.Id}: {host}");
        json.WriteStartArray("indicator_types");
        json.WriteStringValue("malicious-activity");
        json.WriteEndArray();
        json.WriteString("pattern", $"[{type}:value = '{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}']");
        json.WriteString("pattern_type", "stix");
        json.WriteString("valid_from", Time(member.Joined));
        json.WriteNumber("confidence", (int)Math.Round(Math.Clamp(member.Strength, 0, 1) * 100));
        json.WriteEndObject();
        WriteRelationship(json, indicator, "indicates", _campaign, member.Joined);
    }

    private void WriteShared(Utf8JsonWriter json, SiteFeature feature)
    {
        if (feature.Kind == FeatureKinds.Address && IPAddress.TryParse(feature.Value, out IPAddress? address))
        {
            WriteRelationship(json, _infrastructure, "consists-of", WriteValue(json, AddressType(address), address.ToString()), _changed);
        }
        else if (feature.Kind == FeatureKinds.Certificate)
        {
            string id = StixId.OfCertificate(feature.Value);
            if (_written.Add(id))
            {
                BeginObservable(json, "x509-certificate", id);
                json.WriteStartObject("hashes");
                json.WriteString("SHA-256", feature.Value);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            WriteRelationship(json, _infrastructure, "consists-of", id, _changed);
        }
    }

    private static string AddressType(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "ipv4-addr" : "ipv6-addr";

    private string WriteValue(Utf8JsonWriter json, string type, string value)
    {
        string id = StixId.OfValue(type, value);
        if (_written.Add(id))
        {
            BeginObservable(json, type, id);
            json.WriteString("value", value);
            json.WriteEndObject();
        }

        return id;
    }

    private void WriteRelationship(Utf8JsonWriter json, string from, string how, string to, DateTimeOffset since)
    {
        string id = StixId.OfName("relationship", $"{from} {how} {to}");
        if (!_written.Add(id))
        {
            return;
        }

        Begin(json, "relationship", id, since);
        json.WriteString("relationship_type", how);
        json.WriteString("source_ref", from);
        json.WriteString("target_ref", to);
        json.WriteEndObject();
    }

    private void Begin(Utf8JsonWriter json, string type, string id, DateTimeOffset created)
    {
        BeginObservable(json, type, id);
        json.WriteString("created", Time(Min(created, _changed)));
        json.WriteString("modified", Time(_changed));
    }

    private static void BeginObservable(Utf8JsonWriter json, string type, string id)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("spec_version", "2.1");
        json.WriteString("id", id);
    }
}
