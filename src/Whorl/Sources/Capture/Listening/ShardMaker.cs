using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Whorl.Fingerprints.Tcp;
using Whorl.Kernel;
using Whorl.Sources.Capture.Addresses;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Inputs;
using Whorl.Sources.Capture.Observing;

namespace Whorl.Sources.Capture.Listening;

/// <summary>Makes shards that share one map of addresses, one list of own addresses and one set of signatures, and keeps map and list fresh.</summary>
internal sealed class ShardMaker : BackgroundService
{
    // Whoever writes the map by hand looks at the console next.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    // Repetitions' attributes that may wait for the end of their windows; a twentieth of what the process may use.
    private const long FoldBytes = 16 * 1024 * 1024;

    private readonly CaptureOptions _options;
    private readonly string _sensor;
    private readonly IObservationSink _sink;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly AddressBook _book = new(AddressMap.Empty);
    private readonly OwnProbes? _probes;
    private readonly P0fSignatures? _signatures;
    private DateTime _mapWritten;
    private string? _mapFault;
    private int _made;
    private readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));

    public ShardMaker(IOptions<CaptureOptions> options, IOptions<NodeOptions> node, IObservationSink sink, TimeProvider clock, ILogger<ShardMaker> log)
    {
        (_options, _sensor, _sink, _clock, _log) = (options.Value, node.Value.Name, sink, clock, log);
        _probes = PortRange.TryParse(node.Value.ProbePorts, out PortRange ports) ? new(ports, OwnProbes.OfThisMachine) : null;
        try
        {
            _signatures = SignatureFile.Load(_options.P0fFile.Length > 0 ? _options.P0fFile : null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            CaptureLog.NoSignatures(log, fault.Message);
        }

        ReadMap();
    }

    public CaptureShard Make(CapturePoint point)
    {
        BatchOutput batches = new(_sink, _clock, _sensor);
        IObservationOutput output = _options.Window > TimeSpan.Zero ? new Folding(batches, _options.Window, _options.WindowEntries, FoldBytes) : batches;
        ObservationWriter writer = new(() => [point.Text], output, new()
        {
            Addresses = _options.Map.Count > 0 || _options.MapFile.Length > 0 ? _book : null,
            Probes = _probes,
            LinkOf = _signatures is null ? null : _signatures.LinkOf,
            AllJa4Forms = _options.AllJa4Forms,
            FlowPrefix = $"{_run}-{Interlocked.Increment(ref _made)}-",
        });
        return new(new FlowEngine(_options.Limits.ForEngine(), _signatures, writer), writer, output, batches);
    }

    /// <summary>Reads the map again where its file has changed; a faulty one leaves the map as it was.</summary>
    public void ReadMap()
    {
        try
        {
            DateTime written = _options.MapFile.Length > 0 ? File.GetLastWriteTimeUtc(_options.MapFile) : DateTime.MinValue;
            if (written == _mapWritten && (written != DateTime.MinValue || !_book.Current.IsEmpty))
            {
                return;
            }

            IEnumerable<string> lines = _options.MapFile.Length > 0 ? File.ReadLines(_options.MapFile) : [];
            if (!AddressMap.TryParse(lines.Concat(_options.Map), out AddressMap map, out string? fault))
            {
                CaptureLog.MapFaulty(_log, _options.MapFile, fault!);
            }
            else
            {
                _book.Current = map;
            }

            _mapWritten = written;
            _mapFault = null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Looked for again every few seconds, said once.
            if (_mapFault != fault.Message)
            {
                _mapFault = fault.Message;
                CaptureLog.MapFaulty(_log, _options.MapFile, fault.Message);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(LookEvery, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            ReadMap();
            _probes?.Refresh();
        }
    }
}
