using System.Globalization;
using System.Text.Json;
using Whorl.Kernel;
using Whorl.Sources.Edge.Exchanges;

namespace Whorl.Sources.Edge.Recording;

/// <summary>Adds up one second of traffic for the live view; empty seconds are not told.</summary>
internal sealed class EdgeSummary(string sensor, TimeProvider clock)
{
    public const string Kind = "edge.summary";

    private const int MaxShown = 20;

    private readonly int[] _actions = new int[ActionNames.All.Length];

    private readonly int[] _statuses = new int[6];

    private readonly TopTalkers _talkers = new();

    private readonly DurationHistogram _durations = new();

    private long _until = clock.GetTimestamp() + clock.TimestampFrequency;

    private long _droppedBefore;

    private int _requests;

    public void Add(RequestRecord record)
    {
        int count = 1 + record.Repeats;
        _requests += count;
        _actions[(int)record.Done] += count;
        _statuses[Math.Clamp(record.Status / 100, 0, 5)] += count;
        _talkers.Add(record.Client, count, record.Done != DecisionAction.Allow);
        if (record.Fault == RequestFault.None)
        {
            _durations.Add(record.DurationMicroseconds);
        }
    }

    public bool TryTake(long dropped, out Observation? summary)
    {
        summary = null;
        long now = clock.GetTimestamp();
        if (now < _until)
        {
            return false;
        }

        _until = now + clock.TimestampFrequency;
        if (_requests == 0 && dropped == _droppedBefore)
        {
            return false;
        }

        summary = new(ObservationId.New(clock), Kind, clock.GetUtcNow(), sensor, new($"sensor:{sensor}"), Write(dropped - _droppedBefore));
        _droppedBefore = dropped;
        _requests = 0;
        Array.Clear(_actions);
        Array.Clear(_statuses);
        _talkers.Clear();
        _durations.Clear();
        return true;
    }

    private JsonElement Write(long dropped)
    {
        Utf8JsonBuffer json = new(1024);
        json.Raw("{\"edge.requests\":"u8);
        json.Number(_requests);
        json.Raw(",\"edge.verdicts\":{"u8);
        Counts(ref json, _actions, static index => ActionNames.All[index]);
        json.Raw("},\"edge.statuses\":{"u8);
        Counts(ref json, _statuses, static index => index == 0 ? "none" : index.ToString(CultureInfo.InvariantCulture) + "xx");
        json.Raw("},\"edge.dropped\":"u8);
        json.Number(dropped);
        json.Raw(",\"edge.top\":["u8);
        bool first = true;
        foreach ((PeerAddress address, int requests, int refused) in _talkers.Top(MaxShown))
        {
            json.Raw(first ? "{\"client.ip\":"u8 : ",{\"client.ip\":"u8);
            json.Text(address.ToString());
            json.Raw(",\"requests\":"u8);
            json.Number(requests);
            json.Raw(",\"refused\":"u8);
            json.Number(refused);
            json.Raw("}"u8);
            first = false;
        }

        json.Raw("],\"edge.duration_us_p50\":"u8);
        json.Number(_durations.Quantile(0.5));
        json.Raw(",\"edge.duration_us_p99\":"u8);
        json.Number(_durations.Quantile(0.99));
        json.Raw("}"u8);
        using JsonDocument document = JsonDocument.Parse(json.ToArray());
        return document.RootElement.Clone();
    }

    private static void Counts(ref Utf8JsonBuffer json, int[] counts, Func<int, string> name)
    {
        bool first = true;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                json.Raw(first ? ""u8 : ","u8);
                json.Text(name(i));
                json.Raw(":"u8);
                json.Number(counts[i]);
                first = false;
            }
        }
    }
}
