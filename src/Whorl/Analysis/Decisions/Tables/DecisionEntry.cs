using System.Runtime.InteropServices;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions.Tables;

/// <summary>One decision as the table keeps it: 32 bytes, so that a million of them stay under the table's bound.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DecisionEntry
{
    /// <summary>An <see cref="Until"/> that never comes.</summary>
    public const uint Never = uint.MaxValue;

    /// <summary>The end of a chain, and the head of an empty one.</summary>
    public const int None = -1;

    public Guid Id;

    /// <summary>Unix seconds of the end, rounded up; fits until 2106.</summary>
    public uint Until;

    /// <summary>Index into the layer's sources.</summary>
    public int Source;

    /// <summary>The entry to look at when this one is not in force: same value and weaker, then the enclosing prefix.</summary>
    public int Next;

    /// <summary>Bits of the prefix in 128-bit form; 0 where the scope is no address.</summary>
    public byte Length;

    public byte Action;

    public byte Scope;

    public bool Simulated;

    /// <summary>Negative where <paramref name="x"/> governs before <paramref name="y"/> on the same value: allow, then the strongest action, then the longest term.</summary>
    public static int CompareForce(in DecisionEntry x, in DecisionEntry y)
    {
        int order = Rank(x.Action).CompareTo(Rank(y.Action));
        if (order == 0)
        {
            // The longest term first: where it has ended, no other of the same action is in force.
            order = y.Until.CompareTo(x.Until);
        }

        return order != 0 ? order : y.Id.CompareTo(x.Id);
    }

    /// <summary>As <see cref="CompareForce"/>, where the values may be prefixes of different length around one address.</summary>
    public static int CompareNearest(in DecisionEntry x, in DecisionEntry y) =>
        x.Length != y.Length ? y.Length.CompareTo(x.Length) : CompareForce(x, y);

    public static uint SecondsOf(DateTimeOffset? until)
    {
        if (until is not { } end)
        {
            return Never;
        }

        long ticks = end.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        long seconds = (ticks / TimeSpan.TicksPerSecond) + (ticks % TimeSpan.TicksPerSecond > 0 ? 1 : 0);
        return (uint)Math.Clamp(seconds, 0, Never - 1);
    }

    private static int Rank(byte action) => action == (byte)DecisionAction.Allow ? 0 : 256 - action;
}

/// <summary>What many entries share.</summary>
internal readonly record struct DecisionSource(string Origin, string Scenario, string Reason);

/// <summary>A decision taken apart for the table; <see cref="Key"/> or <see cref="First"/> is its value, by scope.</summary>
internal readonly record struct DecisionItem(DecisionEntry Entry, DecisionSource Source, UInt128 First, string? Key)
{
    /// <summary>False where the value does not belong to the scope: a row of a newer version, or one written by hand.</summary>
    public static bool TryFrom(Decision decision, out DecisionItem item)
    {
        item = default;
        DecisionEntry entry = new()
        {
            Id = decision.Id.Value,
            Until = DecisionEntry.SecondsOf(decision.Until),
            Next = DecisionEntry.None,
            Action = (byte)decision.Action,
            Scope = (byte)decision.Scope,
            Simulated = decision.Simulated,
        };
        UInt128 first = 0;
        string? key = null;
        switch (decision.Scope)
        {
            case DecisionScope.Ip or DecisionScope.Range:
                if (!Network.TryParse(decision.Value, out Network network))
                {
                    return false;
                }

                first = network.First.Bits;
                entry.Length = (byte)network.Length;
                break;
            case DecisionScope.Asn:
                if (!uint.TryParse(decision.Value, System.Globalization.NumberStyles.None, null, out uint number))
                {
                    return false;
                }

                first = number;
                break;
            case DecisionScope.Session or DecisionScope.Ja4 or DecisionScope.Country:
                key = decision.Value;
                break;
            default:
                return false;
        }

        item = new(entry, new(decision.Origin, decision.Scenario, decision.Reason), first, key);
        return true;
    }

    public Decision ToDecision()
    {
        DecisionScope scope = (DecisionScope)Entry.Scope;
        string value = Key ?? scope switch
        {
            DecisionScope.Ip => new PeerAddress(First).ToString(),
            DecisionScope.Range => Network.Of(new(First), Entry.Length).ToString(),
            _ => ((uint)First).ToString(),
        };
        DateTimeOffset? until = Entry.Until == DecisionEntry.Never ? null : DateTimeOffset.FromUnixTimeSeconds(Entry.Until);
        return new(new(Entry.Id), Source.Origin, Source.Scenario, scope, value, (DecisionAction)Entry.Action, until, Source.Reason, Entry.Simulated);
    }
}
