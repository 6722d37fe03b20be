using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Whorl.Hosting.Telemetry;

/// <summary>Adds up every measurement of Whorl's meters, and of the runtime's, so that /metrics can show them.</summary>
internal sealed class MetricStore : IDisposable
{
    // Tags come from enums; an instrument that makes more series than this has a fault, and its further series are dropped.
    private const int MaxSeries = 500;

    private static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly ConcurrentDictionary<Instrument, ConcurrentDictionary<string, Series>> _instruments = [];
    private readonly MeterListener _listener = new();

    public MetricStore()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Whorl", StringComparison.Ordinal) || instrument.Meter.Name == "System.Runtime")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags, null));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags, null));
        _listener.SetMeasurementEventCallback<double>(Record);
        _listener.Start();
    }

    /// <summary>All series in the Prometheus text format, version 0.0.4.</summary>
    public string Text()
    {
        _listener.RecordObservableInstruments();
        StringBuilder text = new();
        foreach ((Instrument instrument, ConcurrentDictionary<string, Series> all) in _instruments.OrderBy(pair => pair.Key.Name, StringComparer.Ordinal))
        {
            string kind = KindOf(instrument);
            string name = NameOf(instrument, kind);
            text.Append("# HELP ").Append(name).Append(' ').Append((instrument.Description ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
            foreach ((string labels, Series series) in all.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                series.Write(text, name, labels);
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        ConcurrentDictionary<string, Series> all = _instruments.GetOrAdd(instrument, static _ => []);
        string labels = tags.IsEmpty ? "" : Labels(tags);
        if (!all.TryGetValue(labels, out Series? series))
        {
            if (all.Count >= MaxSeries)
            {
                return;
            }

            series = all.GetOrAdd(labels, static (_, i) => IsHistogram(i) ? new Histogram() : new Series(), instrument);
        }

        if (instrument.IsObservable || instrument is Gauge<long> or Gauge<double> or Gauge<int>)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    private static bool IsHistogram(Instrument instrument) => instrument is Histogram<double> or Histogram<long> or Histogram<int>;

    private static string KindOf(Instrument instrument) => instrument switch
    {
        _ when IsHistogram(instrument) => "histogram",
        Counter<long> or Counter<int> or Counter<double> or ObservableCounter<long> or ObservableCounter<int> or ObservableCounter<double> => "counter",
        _ => "gauge",
    };

    // OpenTelemetry's naming for Prometheus: dots to underscores, the unit spelled out, _total on counters.
    private static string NameOf(Instrument instrument, string kind)
    {
        string unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", "%" => "_ratio", _ => "" };
        string name = string.Concat(instrument.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        if (!name.EndsWith(unit, StringComparison.Ordinal))
        {
            name += unit;
        }

        return kind == "counter" ? name + "_total" : name;
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder labels = new();
        foreach ((string key, object? value) in tags)
        {
            labels.Append(labels.Length == 0 ? "" : ",");
            labels.Append(string.Concat(key.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'))).Append("=\"");
            labels.Append(Convert.ToString(value, CultureInfo.InvariantCulture)?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return labels.ToString();
    }

    private class Series
    {
        protected Lock Gate { get; } = new();

        protected double Value { get; set; }

        public void Set(double value)
        {
            lock (Gate)
            {
                Value = value;
            }
        }

        public virtual void Add(double value)
        {
            lock (Gate)
            {
                Value += value;
            }
        }

        public virtual void Write(StringBuilder text, string name, string labels)
        {
            lock (Gate)
            {
                Line(text, name, labels, Value);
            }
        }

        protected static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0)
            {
                text.Append('{').Append(labels).Append('}');
            }

            text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private sealed class Histogram : Series
    {
        private readonly long[] _counts = new long[Bounds.Length + 1];

        public override void Add(double value)
        {
            int bucket = Array.BinarySearch(Bounds, value);
            lock (Gate)
            {
                Value += value;
                _counts[bucket < 0 ? ~bucket : bucket]++;
            }
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            string prefix = labels.Length == 0 ? "" : labels + ",";
            lock (Gate)
            {
                long sum = 0;
                for (int i = 0; i < _counts.Length; i++)
                {
                    sum += _counts[i];
                    string bound = i == Bounds.Length ? "+Inf" : Bounds[i].ToString("R", CultureInfo.InvariantCulture);
                    Line(text, name + "_bucket", $"{prefix}le=\"{bound}\"", sum);
                }

                Line(text, name + "_sum", labels, Value);
                Line(text, name + "_count", labels, sum);
            }
        }
    }
}
