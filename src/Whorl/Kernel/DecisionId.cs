namespace Whorl.Kernel;

/// <summary>The id of one decision: a UUIDv7, written as <see cref="Uuid7"/> writes it.</summary>
internal readonly record struct DecisionId(Guid Value)
{
    public static DecisionId New(TimeProvider clock) => new(Uuid7.New(clock));

    public static bool TryParse(ReadOnlySpan<char> text, out DecisionId id)
    {
        bool parsed = Uuid7.TryParse(text, out Guid value);
        id = new(value);
        return parsed;
    }

    public override string ToString() => Uuid7.Text(Value);
}
