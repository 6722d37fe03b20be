using System.Text;
using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Recording;

/// <summary>Writes request records as the CloudEvents that <see cref="CloudEvents"/> reads, without its intermediate objects; a test keeps the two in step.</summary>
internal sealed class RecordEncoder(string sensor)
{
    public const string Kind = "http.request";

    private readonly EventEnvelope _envelope = new(sensor, Kind);

    /// <summary>Fields of a connection as they stand inside an event, each with a comma before it.</summary>
    public static byte[] Fragment(params ReadOnlySpan<(Field Field, string? Value)> fields)
    {
        Utf8JsonBuffer json = new(256);
        foreach ((Field field, string? value) in fields)
        {
            if (value is not null)
            {
                json.Raw(",\""u8);
                json.Raw(Encoding.UTF8.GetBytes(field.Name));
                json.Raw("\":"u8);
                json.Text(value);
            }
        }

        return json.ToArray();
    }

    public void Write(ref Utf8JsonBuffer json, RequestRecord record)
    {
        _envelope.Open(ref json, record.Id, record.ClientText, EventClock.TimeOf(record.Id.Value));
        json.Raw("\"client.ip\":"u8);
        json.Plain(record.ClientText);
        json.Raw(record.Direct ? ",\"client.direct\":true,\"http.scheme\":"u8 : ",\"client.direct\":false,\"http.scheme\":"u8);
        json.Text(record.Scheme);
        if (record.Method.Length > 0)
        {
            json.Raw(",\"http.method\":"u8);
            json.Text(record.Method);
            json.Raw(",\"http.host\":"u8);
            json.Text(record.Host);
            json.Raw(",\"http.path\":"u8);
            json.Text(record.Path);
            Optional(ref json, ",\"http.query\":"u8, record.Query);
            json.Raw(",\"http.version\":"u8);
            json.Text(record.Version);
        }

        Optional(ref json, ",\"http.user_agent\":"u8, record.UserAgent);
        Optional(ref json, ",\"http.referer\":"u8, record.Referer);
        json.Raw(record.Wire);
        if (record.Site.Length > 0)
        {
            json.Raw(",\"edge.site\":"u8);
            json.Plain(record.Site);
        }

        if (record.Upstream.Length > 0)
        {
            json.Raw(",\"edge.upstream\":"u8);
            json.Plain(record.Upstream);
        }

        json.Raw(",\"http.status\":"u8);
        json.Number(record.Status);
        if (record.Fault == RequestFault.None)
        {
            json.Raw(",\"http.response_bytes\":"u8);
            json.Number(record.ResponseBytes);
            json.Raw(",\"http.duration_us\":"u8);
            json.Number(record.DurationMicroseconds);
        }
        else
        {
            json.Raw(",\"http.fault\":"u8);
            json.Text(RequestFaults.NameOf(record.Fault));
            json.Raw(",\"http.repeats\":"u8);
            json.Number(record.Repeats);
        }

        WriteVerdict(ref json, record);
        EventEnvelope.Close(ref json);
    }

    private static void WriteVerdict(ref Utf8JsonBuffer json, RequestRecord record)
    {
        ref Verdict verdict = ref record.Verdict;
        json.Raw(",\"verdict.action\":\""u8);
        json.Raw(ActionNames.Utf8(record.Done));
        json.Raw(verdict.Cause switch
        {
            VerdictCause.Decision => "\",\"verdict.cause\":\"decision\",\"verdict.score\":"u8,
            VerdictCause.Rule => "\",\"verdict.cause\":\"rule\",\"verdict.score\":"u8,
            VerdictCause.Score => "\",\"verdict.cause\":\"score\",\"verdict.score\":"u8,
            VerdictCause.Malformed => "\",\"verdict.cause\":\"malformed\",\"verdict.score\":"u8,
            _ => "\",\"verdict.cause\":\"none\",\"verdict.score\":"u8,
        });
        json.Number(verdict.Score);
        Optional(ref json, ",\"verdict.rule\":"u8, verdict.Rule?.Id);
        if (verdict.WouldBe != verdict.Action)
        {
            json.Raw(",\"verdict.would_be\":\""u8);
            json.Raw(ActionNames.Utf8(verdict.WouldBe));
            json.Raw("\""u8);
        }

        for (int i = 0; i < record.RuleCount; i++)
        {
            RuleInfo rule = record.Rules[i];
            json.Raw(i == 0 ? ",\"verdict.rules\":[{\"id\":"u8 : ",{\"id\":"u8);
            json.Text(rule.Id);
            json.Raw(",\"version\":"u8);
            json.Number(rule.Version);
            json.Raw(",\"weight\":"u8);
            json.Number(rule.Weight);
            if (rule.Action is { } action)
            {
                json.Raw(",\"action\":\""u8);
                json.Raw(ActionNames.Utf8(action));
                json.Raw("\""u8);
            }

            json.Raw(rule.Simulated ? ",\"simulated\":true,\"description\":"u8 : ",\"simulated\":false,\"description\":"u8);
            json.Text(rule.Description);
            json.Raw(i == record.RuleCount - 1 ? "}]"u8 : "}"u8);
        }

        if (verdict.Decision.Found)
        {
            WriteDecision(ref json, verdict.Decision);
        }
    }

    private static void WriteDecision(ref Utf8JsonBuffer json, in DecisionMatch decision)
    {
        json.Raw(",\"verdict.decision\":{\"id\":\""u8);
        Uuid7.Write(decision.Id.Value, json.Take(Uuid7.TextLength));
        json.Raw("\",\"scope\":\""u8);
        json.Raw(decision.Scope switch
        {
            DecisionScope.Ip => "ip"u8,
            DecisionScope.Range => "range"u8,
            DecisionScope.Session => "session"u8,
            DecisionScope.Ja4 => "ja4"u8,
            DecisionScope.Asn => "asn"u8,
            _ => "country"u8,
        });
        json.Raw("\",\"action\":\""u8);
        json.Raw(ActionNames.Utf8(decision.Action));
        json.Raw(decision.Simulated ? "\",\"simulated\":true,\"origin\":"u8 : "\",\"simulated\":false,\"origin\":"u8);
        json.Text(decision.Origin);
        json.Raw(",\"scenario\":"u8);
        json.Text(decision.Scenario);
        json.Raw(",\"reason\":"u8);
        json.Text(decision.Reason);
        json.Raw("}"u8);
    }

    private static void Optional(ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.Raw(name);
            json.Text(value);
        }
    }
}
