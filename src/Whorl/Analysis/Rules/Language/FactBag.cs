using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Language;

/// <summary>Facts written down: those of a rule's tests, and of anything else that is judged away from a request.</summary>
internal sealed class FactBag : IFacts
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, object> Values => _values;

    public FactBag With(Field field, object value)
    {
        _values[field.Name] = value;
        return this;
    }

    public string? Text(Field field) => _values.GetValueOrDefault(field.Name) as string;

    public double? Number(Field field) => _values.TryGetValue(field.Name, out object? value) && value is double number ? number : null;

    public bool? Flag(Field field) => _values.TryGetValue(field.Name, out object? value) && value is bool flag ? flag : null;

    public PeerAddress? Address(Field field) => _values.TryGetValue(field.Name, out object? value) && value is PeerAddress address ? address : null;
}
