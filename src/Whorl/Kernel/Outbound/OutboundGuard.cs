using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Whorl.Kernel.Outbound;

/// <summary>
/// Says whether an address may be reached. Whoever connects asks it about the very address it connects to, after names were resolved, each time.
/// Its lists are read again as they change, by whoever asks next; any number of threads.
/// </summary>
internal sealed class OutboundGuard
{
    // Interfaces come and go rarely, and a machine has few.
    private static readonly TimeSpan OwnAge = TimeSpan.FromSeconds(30);

    // Looking at two files' times costs microseconds; who opts out is heard within this.
    private static readonly TimeSpan FileAge = TimeSpan.FromSeconds(2);

    private readonly OutboundOptions _options;
    private readonly Network[] _allow;
    private readonly OptOut[] _deny;
    private readonly IDecisionLookup? _decisions;
    private readonly Func<OwnAddresses?> _readOwn;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private volatile Lists _lists;
    private volatile OwnAddresses _own = OwnAddresses.None;
    private long _ownDue;
    private long _filesDue;
    private (DateTime OptOut, DateTime Asn) _fileTimes;

    public OutboundGuard(IOptions<OutboundOptions> options, TimeProvider clock, ILogger<OutboundGuard> log, IDecisionLookup? decisions = null)
        : this(options.Value, clock, log, decisions, OwnAddresses.Read)
    {
    }

    internal OutboundGuard(OutboundOptions options, TimeProvider clock, ILogger log, IDecisionLookup? decisions, Func<OwnAddresses?> readOwn)
    {
        (_options, _clock, _log, _decisions, _readOwn) = (options, clock, log, decisions, readOwn);
        _allow = [.. options.Allow.Select(text => Network.TryParse(text, out Network network) ? network : throw new ArgumentException($"'{text}' is no prefix", nameof(options)))];
        _deny = [.. options.Deny.Select(text => OptOut.TryParse(text, out OptOut entry) ? entry : throw new ArgumentException($"'{text}' names nobody", nameof(options)))];
        _lists = new([], [], AsnRanges.Empty, null);
        Refresh();
    }

    /// <summary>Why a list cannot be applied as it is now; null where all can.</summary>
    public string? Fault => _lists.Fault;

    public OutboundVerdict Check(PeerAddress address)
    {
        Refresh();
        OutboundVerdict verdict = CheckOne(address);
        if (verdict.Allowed && SpecialRanges.Inside(address) is { } inside)
        {
            verdict = CheckOne(inside);
            return verdict.Allowed ? verdict : verdict with { Detail = verdict.Detail is null ? inside.ToString() : $"{inside}, {verdict.Detail}" };
        }

        return verdict;
    }

    private OutboundVerdict CheckOne(PeerAddress address)
    {
        // What nothing lifts comes first, so that a person is told what cannot be changed by a switch.
        Lists lists = _lists;
        foreach (OptOut entry in _deny)
        {
            if (entry.Asn == 0 && entry.Prefix.Contains(address))
            {
                return new(OutboundRefusal.Denied, entry.ToString());
            }
        }

        foreach (Network prefix in lists.OptedOut)
        {
            if (prefix.Contains(address))
            {
                return new(OutboundRefusal.OptedOut, prefix.ToString());
            }
        }

        if (lists.Ranges.Find(address) is not 0 and uint asn)
        {
            return new(_deny.Any(entry => entry.Asn == asn) ? OutboundRefusal.Denied : OutboundRefusal.OptedOut, $"AS{asn}");
        }

        DecisionMatch decision = _decisions?.Find(new(address, null, null, 0, null)) ?? default;
        if (decision is { Found: true, Action: DecisionAction.Allow, Simulated: false })
        {
            return new(OutboundRefusal.AllowListed, decision.Id.ToString());
        }

        foreach (Network prefix in _allow)
        {
            if (prefix.Contains(address))
            {
                return default;
            }
        }

        OutboundRefusal special = SpecialRanges.Find(address);
        if (special != OutboundRefusal.None)
        {
            return new(special);
        }

        OwnAddresses own = _own;
        if (own.Contains(address) || own.IsBroadcast(address))
        {
            return new(own.Contains(address) ? OutboundRefusal.Own : OutboundRefusal.Broadcast);
        }

        // Not to know who wants to be left alone is no leave to disturb them; what was let through above is a laboratory.
        return lists.AsnsUnknown.Count > 0 ? new(OutboundRefusal.ListUnknown, $"AS{lists.AsnsUnknown.First()}") : default;
    }

    private void Refresh()
    {
        long now = _clock.GetTimestamp();
        if (now < Volatile.Read(ref _ownDue) && now < Volatile.Read(ref _filesDue))
        {
            return;
        }

        lock (_gate)
        {
            if (now >= _ownDue)
            {
                _own = _readOwn() ?? _own;
                Volatile.Write(ref _ownDue, now + Ticks(OwnAge));
            }

            if (now >= _filesDue)
            {
                (DateTime, DateTime) times = (TimeOf(_options.OptOutFile), TimeOf(_options.AsnFile));
                if (times != _fileTimes)
                {
                    _lists = Read(_lists);
                    _fileTimes = times;
                }

                Volatile.Write(ref _filesDue, now + Ticks(FileAge));
            }
        }
    }

    private Lists Read(Lists before)
    {
        string? fault = null;
        IReadOnlyList<OptOut> entries = before.Entries;
        if (_options.OptOutFile.Length > 0)
        {
            if (OptOut.TryReadFile(_options.OptOutFile, out IReadOnlyList<OptOut> read, out fault))
            {
                entries = read;
            }
            else
            {
                OutboundLog.OptOutFaulty(_log, fault!);
            }
        }

        FrozenSet<uint> wanted = entries.Concat(_deny).Select(entry => entry.Asn).Where(asn => asn != 0).ToFrozenSet();
        AsnRanges ranges = AsnRanges.Empty;
        FrozenSet<uint> unknown = [];
        if (wanted.Count > 0)
        {
            string? wrong = _options.AsnFile.Length == 0 ? "Outbound:AsnFile names none" : null;
            if (wrong is not null || !AsnRanges.TryReadFile(_options.AsnFile, wanted, out ranges, out wrong))
            {
                // The table of before may still tell of the systems of before; of new ones nothing is known.
                ranges = before.Ranges;
                unknown = wanted.Where(asn => !before.Known.Contains(asn)).ToFrozenSet();
                fault = $"the table of autonomous systems cannot be read: {wrong}";
                OutboundLog.AsnFaulty(_log, wrong!);
            }
        }

        return new(entries, unknown, ranges, fault) { Known = wanted.Except(unknown).ToFrozenSet() };
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _clock.TimestampFrequency);

    private static DateTime TimeOf(string file) => file.Length == 0 ? default : File.GetLastWriteTimeUtc(file);

    private sealed record Lists(IReadOnlyList<OptOut> Entries, FrozenSet<uint> AsnsUnknown, AsnRanges Ranges, string? Fault)
    {
        public Network[] OptedOut { get; } = [.. Entries.Where(entry => entry.Asn == 0).Select(entry => entry.Prefix)];

        /// <summary>Systems whose addresses <see cref="Ranges"/> tells.</summary>
        public FrozenSet<uint> Known { get; init; } = [];
    }
}

internal static partial class OutboundLog
{
    [LoggerMessage(16000, LogLevel.Error, "The opt-out file cannot be used: {Reason}; what it said before stays in force")]
    public static partial void OptOutFaulty(ILogger log, string reason);

    [LoggerMessage(16001, LogLevel.Error, "The table of autonomous systems cannot be read: {Reason}; while one that is to be left alone cannot be told, nothing is reached")]
    public static partial void AsnFaulty(ILogger log, string reason);
}
