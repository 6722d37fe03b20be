using System.Globalization;
using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Decisions;

/// <summary>The add form's fields as sent, and the decision they ask for.</summary>
internal sealed record DecisionForm(DecisionScope Scope, string Value, DecisionAction Action, string Term, string Reason, bool Simulated)
{
    public static DecisionForm Empty { get; } = new(DecisionScope.Ip, "", DecisionAction.Block, "24h", "", false);

    private const int MaxReason = 500;

    // Ten years; a longer term is a decision without end.
    private static readonly TimeSpan MaxTerm = TimeSpan.FromDays(3650);

    /// <summary>Reads a form. <c>target</c>, as the page of a request sends it, is <c>scope=value</c>.</summary>
    public static DecisionForm Read(IFormCollection form)
    {
        string scope = form["scope"].ToString(), value = form["value"].ToString();
        if (form["target"].ToString() is { Length: > 0 } target)
        {
            int at = target.IndexOf('=');
            (scope, value) = at < 0 ? ("", target) : (target[..at], target[(at + 1)..]);
        }

        return new(
            ParseOr(scope, DecisionScope.Ip), value.Trim(), ParseOr(form["action"].ToString(), DecisionAction.Block),
            form["term"].ToString().Trim(), form["reason"].ToString().Trim(), form["simulated"].ToString() is "on" or "true");
    }

    /// <summary>The decision, or what is wrong with the form.</summary>
    public (Decision? Decision, string? Fault) Decide(TimeProvider clock)
    {
        if (Reason.Length > MaxReason)
        {
            return (null, $"A reason has at most {MaxReason} characters.");
        }

        if (Canonical() is not { } value)
        {
            return (null, Scope switch
            {
                DecisionScope.Ip => $"“{Value}” is no IP address.",
                DecisionScope.Range => $"“{Value}” is no network such as 203.0.113.0/24.",
                DecisionScope.Ja4 => $"“{Value}” is no JA4, such as t13d1516h2_8daaf6152771_02713d6af862.",
                DecisionScope.Asn => $"“{Value}” is no number of an autonomous system.",
                DecisionScope.Country => $"“{Value}” is no two-letter country.",
                _ => "A session is not empty and has at most 128 characters.",
            });
        }

        DateTimeOffset? until = null;
        if (Term.Length > 0)
        {
            if (ParseTerm(Term) is not { } term)
            {
                return (null, $"“{Term}” is no term: write 30m, 4h, 7d, or nothing for no end.");
            }

            until = clock.GetUtcNow() + term;
        }

        return (new(DecisionId.New(clock), "console", "manual", Scope, value, Action, until, Reason, Simulated), null);
    }

    /// <summary><c>90s</c>, <c>30m</c>, <c>4h</c>, <c>7d</c>.</summary>
    public static TimeSpan? ParseTerm(string text)
    {
        if (text.Length < 2 || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || number <= 0)
        {
            return null;
        }

        double seconds = number * char.ToLowerInvariant(text[^1]) switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => double.NaN };
        return double.IsFinite(seconds) && seconds <= MaxTerm.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private string? Canonical() => Scope switch
    {
        DecisionScope.Ip => PeerAddress.TryParse(Value, out PeerAddress address) ? address.ToString() : null,
        DecisionScope.Range => Value.Contains('/') && Network.TryParse(Value, out Network network) ? network.ToString() : null,
        DecisionScope.Ja4 => Value.Length is > 20 and <= 64 && Value.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? Value.ToLowerInvariant() : null,
        DecisionScope.Asn => uint.TryParse(Value.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? Value.AsSpan(2) : Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint asn) && asn > 0 ? asn.ToString() : null,
        DecisionScope.Country => Value.Length == 2 && Value.All(char.IsAsciiLetter) ? Value.ToUpperInvariant() : null,
        _ => Value.Length is > 0 and <= 128 && !Value.Any(char.IsControl) ? Value : null,
    };

    private static T ParseOr<T>(string text, T otherwise)
        where T : struct, Enum =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && Enum.TryParse(text, ignoreCase: true, out T parsed) && Enum.IsDefined(parsed) ? parsed : otherwise;
}
