using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Whorl.Fingerprints.Tcp;

/// <summary>Reads TCP options the way p0f 3.09b does, so that its quirks come out equal.</summary>
internal ref struct TcpOptionReader
{
    /// <summary>p0f 3.09b stops here; real stacks send at most ten, a header filled with padding holds 40.</summary>
    public const int MaxOptions = 24;

    private readonly Span<TcpOption> _space;
    private int _count;

    public TcpOptionReader(Span<TcpOption> space) => _space = space;

    public TcpQuirks Quirks { get; private set; }

    public ushort Mss { get; private set; }

    public byte WindowScale { get; private set; }

    public uint Timestamp { get; private set; }

    public readonly ImmutableArray<TcpOption> Options => [.. _space[.._count]];

    public void Read(ReadOnlySpan<byte> bytes, bool isSyn)
    {
        if (!ReadAll(bytes, isSyn))
        {
            Quirks |= TcpQuirks.BadOptions;
        }
    }

    private bool ReadAll(ReadOnlySpan<byte> rest, bool isSyn)
    {
        while (!rest.IsEmpty && _count < MaxOptions)
        {
            byte kind = rest[0];
            rest = rest[1..];
            switch (kind)
            {
                case TcpOptionKind.EndOfOptions:
                    Add(kind, rest.Length);

                    // p0f stops at the first byte that is not zero and calls it data only if something follows it.
                    int data = rest.IndexOfAnyExcept((byte)0);
                    Quirks |= data >= 0 && data < rest.Length - 1 ? TcpQuirks.DataAfterOptions : TcpQuirks.None;
                    return true;
                case TcpOptionKind.NoOperation:
                    Add(kind, 1);
                    continue;
                case TcpOptionKind.Sack:
                    if (!Skip(kind, 10, 34, ref rest))
                    {
                        return false;
                    }

                    continue;
                case TcpOptionKind.MaximumSegmentSize or TcpOptionKind.WindowScale or TcpOptionKind.SackPermitted or TcpOptionKind.Timestamps:
                    if (!ReadKnown(kind, ref rest, isSyn))
                    {
                        return false;
                    }

                    continue;
                default:
                    if (!Skip(kind, 2, 40, ref rest))
                    {
                        return false;
                    }

                    continue;
            }
        }

        return rest.IsEmpty;
    }

    // A wrong length byte is noted and the option is read at its proper length all the same.
    private bool ReadKnown(byte kind, ref ReadOnlySpan<byte> rest, bool isSyn)
    {
        int size = kind switch
        {
            TcpOptionKind.MaximumSegmentSize => 4,
            TcpOptionKind.WindowScale => 3,
            TcpOptionKind.SackPermitted => 2,
            _ => 10,
        };
        if (rest.Length < size - 1)
        {
            Add(kind, rest.IsEmpty ? 0 : rest[0]);
            return false;
        }

        byte length = rest[0];
        ReadOnlySpan<byte> value = rest[1..(size - 1)];
        rest = rest[(size - 1)..];
        Quirks |= length == size ? TcpQuirks.None : TcpQuirks.BadOptions;
        switch (kind)
        {
            case TcpOptionKind.MaximumSegmentSize:
                Mss = BinaryPrimitives.ReadUInt16BigEndian(value);
                Add(kind, length, Mss);
                break;
            case TcpOptionKind.WindowScale:
                WindowScale = value[0];
                Quirks |= WindowScale > 14 ? TcpQuirks.ExcessiveWindowScale : TcpQuirks.None;
                Add(kind, length, WindowScale);
                break;
            case TcpOptionKind.Timestamps:
                Timestamp = BinaryPrimitives.ReadUInt32BigEndian(value);
                uint echo = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
                Quirks |= Timestamp == 0 ? TcpQuirks.ZeroTimestamp : TcpQuirks.None;
                Quirks |= isSyn && echo != 0 ? TcpQuirks.TimestampEchoInSyn : TcpQuirks.None;
                Add(kind, length, Timestamp, echo);
                break;
            default:
                Add(kind, length);
                break;
        }

        return true;
    }

    private bool Skip(byte kind, int least, int most, ref ReadOnlySpan<byte> rest)
    {
        byte length = rest.IsEmpty ? (byte)0 : rest[0];
        Add(kind, length);
        if (length < least || length > most || length - 1 > rest.Length)
        {
            return false;
        }

        rest = rest[(length - 1)..];
        return true;
    }

    private void Add(byte kind, int length, uint value = 0, uint echo = 0) => _space[_count++] = new TcpOption(kind, (byte)length, value, echo);
}
