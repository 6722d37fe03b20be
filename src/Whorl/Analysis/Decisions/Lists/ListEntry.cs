using Whorl.Kernel;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>How a list is written.</summary>
internal enum ListFormat
{
    /// <summary>Found out from the first line that says something.</summary>
    Auto,

    /// <summary>One value a line; comments behind <c>#</c> or <c>;</c>.</summary>
    Plain,

    /// <summary>Columns named by a header row.</summary>
    Csv,

    /// <summary>One JSON array.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    JsonLines,
}

/// <summary>One line of a list: what it says, or why it says nothing. What it leaves open the importer fills in.</summary>
/// <param name="Place">Line number from 1; in a JSON array the number of the element.</param>
internal sealed record ListEntry(long Place)
{
    /// <summary>Why this line is passed over; null where it is good.</summary>
    public string? Fault { get; init; }

    /// <summary>The value as written.</summary>
    public string Value { get; init; } = "";

    public DecisionScope? Scope { get; init; }

    public DecisionAction? Action { get; init; }

    public DateTimeOffset? Until { get; init; }

    public TimeSpan? Term { get; init; }

    public string? Reason { get; init; }

    public string? Scenario { get; init; }

    public bool? Simulated { get; init; }

    public static ListEntry Bad(long place, string fault) => new(place) { Fault = fault };

    /// <summary>Makes an entry of named texts, whatever they were written in; unknown names are passed over.</summary>
    public static ListEntry Of(long place, Func<string, string?> text)
    {
        string? First(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
            {
                if (text(name)?.Trim() is { Length: > 0 } found)
                {
                    return found;
                }
            }

            return null;
        }

        if (First("value", "cidr", "ip", "range", "network", "prefix", "address") is not { } value)
        {
            return Bad(place, "there is no value");
        }

        ListEntry entry = new(place) { Value = value, Reason = First("reason", "comment", "description", "sblid"), Scenario = First("scenario") };
        if (First("scope") is { } scopeText)
        {
            if (!TryScope(scopeText, out DecisionScope scope))
            {
                return Bad(place, $"there is no scope '{scopeText}'");
            }

            entry = entry with { Scope = scope };
        }

        if (First("action", "type") is { } actionText)
        {
            if (!TryAction(actionText, out DecisionAction action))
            {
                return Bad(place, $"there is no action '{actionText}'");
            }

            entry = entry with { Action = action };
        }

        if (First("until", "expires", "expiration") is { } untilText)
        {
            if (!DateTimeOffset.TryParse(untilText, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset until))
            {
                return Bad(place, $"'{untilText}' is no time");
            }

            entry = entry with { Until = until };
        }
        else if (First("duration", "for", "term") is { } termText)
        {
            if (!DecisionTerm.TryParse(termText, out TimeSpan term))
            {
                return Bad(place, $"'{termText}' is no duration like 4h or 7d");
            }

            entry = entry with { Term = term };
        }

        if (First("simulated") is { } simulatedText)
        {
            if (!bool.TryParse(simulatedText, out bool simulated))
            {
                return Bad(place, $"simulated is true or false, not '{simulatedText}'");
            }

            entry = entry with { Simulated = simulated };
        }

        return entry;
    }

    /// <summary>Our names, and those of CrowdSec (<c>Ip</c>, <c>AS</c>).</summary>
    public static bool TryScope(string text, out DecisionScope scope)
    {
        (bool known, scope) = text.ToLowerInvariant() switch
        {
            "ip" => (true, DecisionScope.Ip),
            "range" => (true, DecisionScope.Range),
            "session" => (true, DecisionScope.Session),
            "ja4" => (true, DecisionScope.Ja4),
            "asn" or "as" => (true, DecisionScope.Asn),
            "country" => (true, DecisionScope.Country),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>Our names, and CrowdSec's <c>ban</c>.</summary>
    public static bool TryAction(string text, out DecisionAction action)
    {
        (bool known, action) = text.ToLowerInvariant() switch
        {
            "allow" => (true, DecisionAction.Allow),
            "throttle" => (true, DecisionAction.Throttle),
            "challenge" => (true, DecisionAction.Challenge),
            "captcha" => (true, DecisionAction.Captcha),
            "charge" => (true, DecisionAction.Charge),
            "tarpit" => (true, DecisionAction.Tarpit),
            "block" or "ban" => (true, DecisionAction.Block),
            _ => (false, default),
        };
        return known;
    }
}
