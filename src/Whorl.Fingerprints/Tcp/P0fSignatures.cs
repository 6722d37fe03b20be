using System.Collections.Frozen;

namespace Whorl.Fingerprints.Tcp;

/// <summary>A line of a signature file that was left out.</summary>
/// <param name="Line">Line number, from 1.</param>
/// <param name="Reason">What is wrong with it.</param>
public readonly record struct P0fFault(int Line, string Reason);

/// <summary>The TCP and link-size signatures of a p0f 3 file, matched as p0f 3.09b does. Immutable; any number of threads.</summary>
public sealed class P0fSignatures
{
    /// <summary>Quirks that only an IPv4 header can show; a pattern for both versions loses them on IPv6.</summary>
    internal const TcpQuirks OnlyIpv4 = TcpQuirks.DontFragment | TcpQuirks.IdWithDontFragment | TcpQuirks.ZeroId;

    // Middle boxes clear "don't fragment" and ids, zero ids and mark congestion: such differences are forgiven.
    private const TcpQuirks MayVanish = TcpQuirks.DontFragment | TcpQuirks.IdWithDontFragment;
    private const TcpQuirks MayAppear = TcpQuirks.ZeroId | TcpQuirks.Ecn;

    private readonly FrozenDictionary<string, P0fPattern[]> _syn;
    private readonly FrozenDictionary<string, P0fPattern[]> _synAck;
    private readonly FrozenDictionary<int, string> _mtu;

    private P0fSignatures(P0fFileReader file)
    {
        _syn = ByLayout(file.Syn);
        _synAck = ByLayout(file.SynAck);
        _mtu = file.Mtu.ToFrozenDictionary();
        Faults = file.Faults;
        Count = file.Syn.Count + file.SynAck.Count;
    }

    /// <summary>TCP signatures loaded.</summary>
    public int Count { get; }

    /// <summary>Lines that were left out, in order.</summary>
    public IReadOnlyList<P0fFault> Faults { get; }

    /// <summary>Loads the text of a signature file (<c>p0f.fp</c>). Sections for HTTP are passed over; bad lines become <see cref="Faults"/>.</summary>
    /// <param name="text">The whole file.</param>
    public static P0fSignatures Parse(string text)
    {
        P0fFileReader reader = new();
        reader.Read(text);
        return new P0fSignatures(reader);
    }

    /// <summary>The best signature for a stack: a specific one, else a generic one, else one that fits loosely; null if none does.</summary>
    /// <param name="stack">A SYN or SYN-ACK.</param>
    public P0fMatch? Match(TcpStack stack)
    {
        if (!(stack.IsSynAck ? _synAck : _syn).TryGetValue(stack.OptionLayout, out P0fPattern[]? patterns))
        {
            return null;
        }

        WindowMultiple multiple = WindowMultiple.Of(stack);
        P0fPattern? generic = null;
        P0fPattern? fuzzy = null;
        foreach (P0fPattern pattern in patterns)
        {
            Fit fit = QuirkFit(pattern, stack);
            if (fit == Fit.None || (fit == Fit.Loose && fuzzy is not null) || !pattern.FitsNumbers(stack, multiple))
            {
                continue;
            }

            if (pattern.RandomTtl)
            {
                if (pattern.Ttl < stack.ObservedTtl)
                {
                    continue;
                }
            }
            else if (!InReach(pattern, stack))
            {
                fit = Fit.Loose;
            }

            if (fit == Fit.Loose)
            {
                fuzzy ??= pattern;
            }
            else if (!pattern.Label.IsGeneric)
            {
                return Found(pattern, isFuzzy: false, pattern.Ttl - stack.ObservedTtl);
            }
            else
            {
                generic ??= pattern;
            }
        }

        if (generic is not null)
        {
            return Found(generic, isFuzzy: false, generic.Ttl - stack.ObservedTtl);
        }

        // A program's own packets are exact or they are not that program's.
        if (fuzzy is null || fuzzy.Label.IsUserland)
        {
            return null;
        }

        bool believable = fuzzy.Ttl >= stack.ObservedTtl && (fuzzy.RandomTtl || InReach(fuzzy, stack));
        return Found(fuzzy, isFuzzy: true, believable ? fuzzy.Ttl - stack.ObservedTtl : stack.Distance);
    }

    /// <summary>What the file calls links of that size, such as <c>Ethernet or modem</c>; null if it has no name for it.</summary>
    /// <param name="mtu">Bytes; see <see cref="TcpStack.Mtu"/>.</param>
    public string? LinkOf(int mtu) => _mtu.GetValueOrDefault(mtu);

    private static bool InReach(P0fPattern pattern, TcpStack stack) =>
        pattern.Ttl >= stack.ObservedTtl && pattern.Ttl - stack.ObservedTtl <= TcpStack.MaxDistance;

    private static Fit QuirkFit(P0fPattern pattern, TcpStack stack)
    {
        TcpQuirks wanted = pattern.IpVersion is 4 or 6 ? pattern.Quirks
            : stack.IpVersion == 4 ? pattern.Quirks & ~TcpQuirks.FlowLabel
            : pattern.Quirks & ~OnlyIpv4;
        TcpQuirks vanished = wanted & ~stack.Quirks;
        TcpQuirks appeared = stack.Quirks & ~wanted;
        return (vanished | appeared) == TcpQuirks.None ? Fit.Exact
            : (vanished & ~MayVanish) == TcpQuirks.None && (appeared & ~MayAppear) == TcpQuirks.None ? Fit.Loose
            : Fit.None;
    }

    private static P0fMatch Found(P0fPattern pattern, bool isFuzzy, int distance) =>
        new(pattern.Label, pattern.Systems, isFuzzy, pattern.RandomTtl, distance, pattern.Line);

    private static FrozenDictionary<string, P0fPattern[]> ByLayout(List<P0fPattern> patterns) =>
        patterns.GroupBy(pattern => pattern.Layout, StringComparer.Ordinal).ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);

    private enum Fit
    {
        None,
        Loose,
        Exact,
    }
}
