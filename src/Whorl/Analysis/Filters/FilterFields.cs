using System.Collections.Frozen;
using Whorl.Kernel;

namespace Whorl.Analysis.Filters;

/// <summary>A name that filters can ask for.</summary>
/// <param name="Canonical">True where values are always written one way (lower case, fixed form), so that stored text can be searched for them byte by byte.</param>
internal sealed record FilterField(string Name, FieldType Type, string Summary, bool Canonical);

/// <summary>Every name of the filter language: the fields of the kernel and what observations add to them.</summary>
internal static class FilterFields
{
    private static readonly FrozenSet<string> CanonicalText = new[]
    {
        "http.host", "tls.ja3", "tls.ja4", "agent.family", "agent.platform", "http.version", "tls.ja3s", "ssh.hassh", "ssh.hassh_server",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static IReadOnlyList<FilterField> All { get; } = Make();

    private static readonly FrozenDictionary<string, FilterField> ByName = All.ToFrozenDictionary(field => field.Name, StringComparer.OrdinalIgnoreCase);

    public static FilterField? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The name a person may have meant: one that ends in what was typed, or is at most two letters away.</summary>
    public static string? Nearest(string name)
    {
        FilterField? tail = All.FirstOrDefault(field => name.Length > 1 && field.Name.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));
        if (tail is not null)
        {
            return tail.Name;
        }

        FilterField? near = All.Where(field => Math.Abs(field.Name.Length - name.Length) <= 2).MinBy(field => Distance(field.Name, name));
        return near is not null && Distance(near.Name, name) <= 2 ? near.Name : null;
    }

    private static List<FilterField> Make()
    {
        List<FilterField> all = [.. Fields.All.Select(field => new FilterField(field.Name, field.Type, field.Summary, field.Type == FieldType.Address || CanonicalText.Contains(field.Name)))];
        all.Add(new("http.status", FieldType.Number, "Status of the answer.", false));
        all.Add(new("http.response_bytes", FieldType.Number, "Bytes of the answer's body.", false));
        all.Add(new("http.duration_us", FieldType.Number, "Microseconds from request to end of answer.", false));
        all.Add(new("http.fault", FieldType.Text, "Why a request was refused unread: " + string.Join(", ", RequestFaults.All.Select(fault => fault.Name)) + ".", true));
        all.Add(new("http.repeats", FieldType.Number, "Further malformed requests of the address within the same second, told by this one.", false));
        all.Add(new("edge.site", FieldType.Text, "Site the request was for.", false));
        all.Add(new("edge.upstream", FieldType.Text, "Upstream that answered.", false));
        all.Add(new("verdict.action", FieldType.Text, "What the edge did: allow, throttle, challenge, captcha, charge, tarpit, block.", true));
        all.Add(new("verdict.would_be", FieldType.Text, "What would have been done if simulated rules counted.", true));
        all.Add(new("verdict.cause", FieldType.Text, "What made the verdict: none, decision, rule, score, malformed.", true));
        all.Add(new("verdict.score", FieldType.Number, "Sum of the weights of the rules that matched.", false));
        all.Add(new("verdict.rule", FieldType.Text, "Rule that named the action.", false));
        all.Add(new("verdict.rules", FieldType.Text, "Any rule that matched.", false));
        all.Add(new("verdict.decision", FieldType.Text, "Decision that was found: its id or scenario.", false));
        HashSet<string> known = [.. all.Select(field => field.Name)];
        all.AddRange(ObservationKinds.Fields.Where(field => known.Add(field.Name)).Select(field => new FilterField(field.Name, field.Type, field.Meaning, field.Type == FieldType.Address || CanonicalText.Contains(field.Name))));
        all.Add(new("id", FieldType.Text, "Reference code of the request.", true));
        all.Add(new("kind", FieldType.Text, "Kind of observation.", false));
        all.Add(new("sensor", FieldType.Text, "Node that saw it.", false));
        all.Add(new("subject", FieldType.Text, "What it is about, such as ip:203.0.113.9.", false));
        return all;
    }

    // Levenshtein; both names are short (FilterParser.MaxLength bounds the typed one, and only near lengths are compared).
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
