using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Whorl.Kernel;
using Whorl.Kernel.Writing;

namespace Whorl.Sources.Probes.Asking;

/// <summary>Attributes of a finding in the order they were added; texts of peers are bounded as everywhere, those that are empty are left out.</summary>
internal sealed class Attributes
{
    private readonly List<KeyValuePair<string, object>> _values = [];

    public IReadOnlyList<KeyValuePair<string, object>> Values => _values;

    public Attributes Text(string name, string? value, int max = HostileText.MaxName)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _values.Add(new(name, Bounded(value, max)));
        }

        return this;
    }

    public Attributes Number(string name, long value)
    {
        _values.Add(new(name, value));
        return this;
    }

    /// <summary>A flag stands there where it is true.</summary>
    public Attributes Flag(string name, bool value)
    {
        if (value)
        {
            _values.Add(new(name, true));
        }

        return this;
    }

    /// <summary>The text of an attribute; null where it is absent.</summary>
    public string? Get(string name)
    {
        int at = _values.FindIndex(value => value.Key == name);
        return at < 0 ? null : _values[at].Value switch
        {
            string text => text,
            true => "true",
            object other => other.ToString(),
        };
    }

    public void Write(Utf8JsonWriter json)
    {
        foreach ((string name, object value) in _values)
        {
            switch (value)
            {
                case string text:
                    json.WriteString(name, text);
                    break;
                case long number:
                    json.WriteNumber(name, number);
                    break;
                default:
                    json.WriteBoolean(name, true);
                    break;
            }
        }
    }

    /// <summary>Bytes that a peer means as text: UTF-8, or Latin-1 where they are none.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Encoding.Latin1.GetString(bytes);

    private static string Bounded(string value, int max)
    {
        string text = value.Length <= max ? value : value[..(char.IsHighSurrogate(value[max - 1]) ? max - 1 : max)] + "…";

        // Half a character pair is JSON to nobody.
        return text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }
}

/// <summary>Makes observations of findings.</summary>
internal static class FindingWriter
{
    /// <param name="reason">Why it was asked: the id of an observation, <c>log</c>, <c>operator</c>, <c>again</c>.</param>
    public static IEnumerable<Observation> Observations(Answered answered, string reason, string sensor, TimeProvider clock)
    {
        Subject subject = Subject.Ip(answered.Target.Address);
        foreach (Finding finding in Findings(answered))
        {
            ObservationId id = ObservationId.New(clock);
            yield return new(id, finding.Kind, clock.GetUtcNow(), sensor, subject, Element(json =>
            {
                Common(answered, reason).Write(json);
                finding.Attributes.Write(json);
            }));
        }
    }

    /// <summary>What was found, or that nothing was.</summary>
    public static IReadOnlyList<Finding> Findings(Answered answered)
    {
        if (answered.Result.Failure is not { } failure)
        {
            return answered.Result.Findings;
        }

        Attributes attributes = new Attributes().Text("probe.name", answered.Name.Word()).Text("probe.failure", failure.Word()).Text("probe.detail", answered.Result.Detail);
        return [new(ProbeKinds.Failed, attributes)];
    }

    public static Attributes Common(Answered answered, string reason)
    {
        Attributes attributes = new Attributes().Text("target.ip", answered.Target.Address.ToString());
        if (answered.Target.Port != 0)
        {
            attributes.Number("target.port", answered.Target.Port);
        }

        return attributes.Text("probe.reason", reason).Number("probe.elapsed_ms", (long)answered.Elapsed.TotalMilliseconds);
    }

    private static JsonElement Element(Action<Utf8JsonWriter> write)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
        return document.RootElement.Clone();
    }
}
