using System.Globalization;
using System.Text;

namespace Whorl.Analysis.Explanations;

/// <summary>The explanation as lines for a terminal. Values come from peers: nothing in them may drive the terminal.</summary>
internal static class ExplanationText
{
    // A terminal line; the full value is in the JSON form.
    private const int MaxValue = 300;

    public static string Write(Explanation explained)
    {
        StringBuilder text = new();
        text.AppendLine(Plain(explained.Summary));
        text.AppendLine(CultureInfo.InvariantCulture, $"{Plain(explained.Kind)} {explained.Id} · {explained.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff} UTC · {Plain(explained.Sensor)} · {Plain(explained.Subject)}");
        if (explained.Decision is { } decision)
        {
            text.AppendLine().AppendLine("decision");
            Row(text, "id", decision.Id);
            Row(text, "says", $"{decision.Action} this {decision.Scope}{(decision.Simulated ? " (simulated)" : "")}");
            Row(text, "from", $"{decision.Origin}, {decision.Scenario}");
            Row(text, "reason", decision.Reason);
        }

        if (explained.Rules.Count > 0)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"rules (score {explained.Score ?? 0:0.##}{string.Concat(explained.Thresholds.Select(t => $"; {t.Action} from {t.Score:0.##}"))})");
            foreach (ExplainedRule rule in explained.Rules)
            {
                string effect = (rule.Weight > 0 ? "+" : "") + rule.Weight.ToString("0.##", CultureInfo.InvariantCulture) + (rule.Action is null ? "" : " " + rule.Action);
                text.AppendLine(CultureInfo.InvariantCulture, $"  {effect,-12} {Plain(rule.Id)} v{rule.Version}{(rule.Simulated ? " (simulated)" : "")}  {Plain(rule.Description)}");
            }
        }

        foreach (FactGroup group in explained.Facts)
        {
            text.AppendLine().AppendLine(group.Title.ToLowerInvariant());
            foreach (Fact fact in group.Facts)
            {
                Row(text, fact.Field, fact.Value);
            }
        }

        if (explained.Related.Count > 0)
        {
            text.AppendLine().AppendLine("other requests of this actor");
            foreach (RelatedRequest other in explained.Related)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  {other.Id}  {other.Time.UtcDateTime:HH:mm:ss} {other.Action,-9} {other.Status,3}  {Plain(other.Method)} {Plain(other.Target)}  (same {other.Shares})");
            }
        }

        return text.ToString();
    }

    private static void Row(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Plain(name),-20} {Plain(value)}");
        }
    }

    private static string Plain(string value) => Visible.Text(value.Length > MaxValue ? value[..MaxValue] + "…" : value);
}
