using Whorl.Native.Capture;
using Whorl.Sources.Capture.Inputs;

namespace Whorl.Sources.Capture.Listening;

/// <summary>
/// One interface: opened, watched, and opened again with growing patience after it went away. What was counted before stays counted.
/// Called by the worker alone; its threads only count.
/// </summary>
internal sealed class ListeningPost(CapturePoint point, CaptureOptions options, Func<CapturePoint, CaptureShard> shards, TimeProvider clock, ILogger log)
{
    // An interface that is away or down often comes back within seconds, and looking costs one system call.
    private static readonly TimeSpan AbsentPatience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(1);

    private readonly List<CaptureThread> _threads = [];
    private TimeSpan _patience = FirstPatience;
    private long _nextTry = clock.GetTimestamp();
    private CaptureFaultKind? _said;
    private SourceCounters _sourceBefore;
    private ShardCounters _shardBefore;

    public CapturePoint Point => point;

    public bool IsListening => _threads.Count > 0;

    /// <summary>Why it does not listen; null while it does, and before the first try.</summary>
    public CaptureFault? Fault { get; private set; }

    public SourceCounters Source { get; private set; }

    public ShardCounters Shard { get; private set; }

    /// <summary>Looks after it. Called about once a second.</summary>
    public void Step()
    {
        if (IsListening)
        {
            Count();
            if (point.Namespace is { } space && !File.Exists(space))
            {
                // An open socket would keep a namespace that was deleted alive, with its addresses still answering.
                Close();
                Failed(new(CaptureFaultKind.NoSuchNamespace, $"there is no network namespace {space} any more"));
            }
            else if (_threads.Find(thread => !thread.IsRunning) is { } ended)
            {
                if (ended.Fault is not null)
                {
                    CaptureLog.Failed(log, point.Text, ended.Fault);
                }

                Close();
                Failed(new(ended.Fault is null ? CaptureFaultKind.InterfaceDown : CaptureFaultKind.Failed, ended.Ended ?? "it ended"));
            }
        }
        else if (clock.GetTimestamp() >= _nextTry)
        {
            Open();
        }
    }

    public void Close()
    {
        foreach (CaptureThread thread in _threads)
        {
            thread.Stop();
        }

        Count();
        (_sourceBefore, _shardBefore) = (Source, Shard with { Flows = 0 });
        Shard = _shardBefore;
        _threads.Clear();
    }

    private void Open()
    {
        if (LiveSource.TryOpen(point, options, options.Threads, out IReadOnlyList<LiveSource> sources) is { } fault)
        {
            Failed(fault);
            return;
        }

        Fault = null;
        _said = null;
        _patience = FirstPatience;
        foreach (LiveSource source in sources)
        {
            CaptureThread thread = new($"capture {point.Text}", source, shards(point), clock);
            _threads.Add(thread);
            thread.Start();
        }

        CaptureLog.Listening(log, point.Text, sources[0].Method, sources.Count);
    }

    private void Failed(CaptureFault fault)
    {
        Fault = fault;
        bool absent = fault.Kind is CaptureFaultKind.NoSuchInterface or CaptureFaultKind.InterfaceDown or CaptureFaultKind.NoSuchNamespace;
        TimeSpan wait = absent ? AbsentPatience : _patience;
        _patience = absent ? _patience : TimeSpan.FromTicks(Math.Min(_patience.Ticks * 2, MostPatience.Ticks));
        _nextTry = clock.GetTimestamp() + (long)(wait.TotalSeconds * clock.TimestampFrequency);
        if (_said != fault.Kind)
        {
            _said = fault.Kind;
            CaptureLog.NotListening(log, point.Text, fault.Reason, CaptureHint.For(fault.Kind) ?? "");
        }
    }

    private void Count()
    {
        SourceCounters source = _sourceBefore;
        ShardCounters shard = _shardBefore;
        foreach (CaptureThread thread in _threads)
        {
            CaptureThread.Reading now = thread.Now;
            source = new(source.Frames + now.Source.Frames, source.Bytes + now.Source.Bytes, source.KernelDrops + now.Source.KernelDrops, source.Freezes + now.Source.Freezes);
            shard += now.Shard;
        }

        (Source, Shard) = (source, shard);
    }
}

/// <summary>What to do about a capture that does not open.</summary>
internal static class CaptureHint
{
    public static string? For(CaptureFaultKind kind) => kind switch
    {
        CaptureFaultKind.NoPrivilege =>
            "Run Whorl as root, or give it the right: setcap cap_net_raw,cap_net_admin=eip on the whorl executable, or AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN in its systemd unit (other network namespaces need CAP_SYS_ADMIN as well)",
        CaptureFaultKind.LibraryMissing => "apt-get install libpcap0.8",
        CaptureFaultKind.NoSuchInterface => "`ip link` names the interfaces there are; set Capture:Interfaces",
        CaptureFaultKind.InterfaceDown => "ip link set INTERFACE up",
        CaptureFaultKind.NoSuchNamespace => "`ip netns` names the namespaces there are",
        CaptureFaultKind.BadFilter => "Correct Capture:Filter; `tcpdump -d FILTER` tries one",
        CaptureFaultKind.Unsupported => "Set Capture:Method to Auto and install libpcap (apt-get install libpcap0.8)",
        _ => null,
    };
}
