namespace Whorl.Kernel;

/// <summary>The id of one observation: a UUIDv7, written as <see cref="Uuid7"/> writes it.</summary>
internal readonly record struct ObservationId(Guid Value)
{
    public static ObservationId New(TimeProvider clock) => new(Uuid7.New(clock));

    public static bool TryParse(ReadOnlySpan<char> text, out ObservationId id)
    {
        bool parsed = Uuid7.TryParse(text, out Guid value);
        id = new(value);
        return parsed;
    }

    public override string ToString() => Uuid7.Text(Value);

    /// <summary>True where this id sorts before another, as their texts and their bytes in the store do: by time first.</summary>
    public bool IsBefore(ObservationId other)
    {
        Span<byte> left = stackalloc byte[16], right = stackalloc byte[16];
        Value.TryWriteBytes(left, bigEndian: true, out _);
        other.Value.TryWriteBytes(right, bigEndian: true, out _);
        return left.SequenceCompareTo(right) < 0;
    }
}
