using System.Security.Cryptography;

namespace Whorl.Sources.Capture.Flows.Tables;

/// <summary>A key of a table, with a hash that its sender cannot foresee.</summary>
internal interface ITableKey<T> : IEquatable<T>
{
    uint Hash();
}

/// <summary>Mixes numbers with secrets of this process, so that nobody can choose addresses that collide.</summary>
internal static class SecretHash
{
    private static readonly ulong One = Secret();
    private static readonly ulong Two = Secret();
    private static readonly ulong Three = Secret();

    public static ulong Mix(ulong a, ulong b) => Fold(a ^ One, b ^ Two);

    public static uint Finish(ulong a, ulong b)
    {
        ulong mixed = Fold(a ^ Three, b ^ One);
        return (uint)(mixed ^ (mixed >> 32));
    }

    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    private static ulong Secret() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;
}

/// <summary>Both ends of a conversation, the smaller one first, so that both directions have the same key.</summary>
internal readonly struct PairKey : ITableKey<PairKey>
{
    private readonly ulong _lowHigh;
    private readonly ulong _lowLow;
    private readonly ulong _highHigh;
    private readonly ulong _highLow;
    private readonly uint _ports;
    private readonly byte _protocol;

    public PairKey(UInt128 source, ushort sourcePort, UInt128 destination, ushort destinationPort, byte protocol, out bool sourceIsLow)
    {
        sourceIsLow = source < destination || (source == destination && sourcePort <= destinationPort);
        UInt128 low = sourceIsLow ? source : destination;
        UInt128 high = sourceIsLow ? destination : source;
        _lowHigh = (ulong)(low >> 64);
        _lowLow = (ulong)low;
        _highHigh = (ulong)(high >> 64);
        _highLow = (ulong)high;
        _ports = sourceIsLow ? ((uint)sourcePort << 16) | destinationPort : ((uint)destinationPort << 16) | sourcePort;
        _protocol = protocol;
    }

    public UInt128 Low => new(_lowHigh, _lowLow);

    public UInt128 High => new(_highHigh, _highLow);

    public ushort LowPort => (ushort)(_ports >> 16);

    public ushort HighPort => (ushort)_ports;

    public byte Protocol => _protocol;

    public bool Equals(PairKey other) =>
        _lowLow == other._lowLow && _highLow == other._highLow && _ports == other._ports && _protocol == other._protocol
        && _lowHigh == other._lowHigh && _highHigh == other._highHigh;

    public uint Hash() => SecretHash.Finish(SecretHash.Mix(_lowHigh ^ (_highHigh << 1), _lowLow) ^ _highLow, ((ulong)_ports << 8) | _protocol);

    public override bool Equals(object? obj) => obj is PairKey other && Equals(other);

    public override int GetHashCode() => (int)Hash();
}
