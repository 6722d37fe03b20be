using System.Runtime.CompilerServices;
using System.Text.Json;
using Whorl.Kernel.Writing;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>Reads lists of others and our own exports, line by line; a line that cannot be read is an entry with a fault, and the next one follows.</summary>
internal static class ListReader
{
    // Enough for every header of a list; the detection reads no further.
    private const int MaxDetection = 4096;

    public static async IAsyncEnumerable<ListEntry> ReadAsync(Stream input, ListFormat format, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using PeekStream stream = new(input, MaxDetection);
        if (format == ListFormat.Auto)
        {
            format = Detect(await stream.PeekAsync(cancel));
        }

        IAsyncEnumerable<ListEntry> entries = format switch
        {
            ListFormat.Json => ArrayAsync(stream, cancel),
            ListFormat.JsonLines => LinesAsync(stream, JsonLine, cancel),
            ListFormat.Csv => CsvAsync(stream, cancel),
            _ => LinesAsync(stream, PlainLine, cancel),
        };
        await foreach (ListEntry entry in entries)
        {
            yield return entry;
        }
    }

    private static bool IsValueName(string name) => name.Trim().ToLowerInvariant() is "value" or "cidr" or "ip" or "range" or "network" or "prefix" or "address";

    /// <summary>What the first line that says something is written in.</summary>
    public static ListFormat Detect(string start)
    {
        foreach (string line in start.TrimStart('\uFEFF').Split('\n').Select(line => line.Trim()))
        {
            if (line.Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }

            return line[0] switch
            {
                '[' => ListFormat.Json,
                '{' => ListFormat.JsonLines,
                _ => CsvRow.TryParse(line, ',', out List<string> names) && names.Exists(IsValueName) ? ListFormat.Csv : ListFormat.Plain,
            };
        }

        return ListFormat.Plain;
    }

    private static async IAsyncEnumerable<ListEntry> LinesAsync(
        Stream input, Func<long, string, IEnumerable<ListEntry>> read, [EnumeratorCancellation] CancellationToken cancel)
    {
        using LineReader lines = new(input);
        while (await lines.ReadAsync(cancel) is ({ } line, var tooLong))
        {
            if (tooLong)
            {
                yield return ListEntry.Bad(lines.Number, $"the line is longer than {LineReader.MaxLineLength} characters");
                continue;
            }

            foreach (ListEntry entry in read(lines.Number, line))
            {
                yield return entry;
            }
        }
    }

    // "203.0.113.0/24 ; SBL1234", "203.0.113.9 # seen scanning": the comment is the reason.
    private static IEnumerable<ListEntry> PlainLine(long number, string line)
    {
        int comment = line.AsSpan().IndexOfAny('#', ';');
        string value = (comment < 0 ? line : line[..comment]).Trim();
        string reason = comment < 0 ? "" : line[(comment + 1)..].Trim();
        if (value.Length > 0)
        {
            yield return new(number) { Value = value, Reason = reason.Length > 0 ? reason : null };
        }
    }

    private static async IAsyncEnumerable<ListEntry> CsvAsync(Stream input, [EnumeratorCancellation] CancellationToken cancel)
    {
        List<string>? names = null;
        IEnumerable<ListEntry> Row(long number, string line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                return [];
            }

            if (!CsvRow.TryParse(line, ',', out List<string> cells))
            {
                return [ListEntry.Bad(number, "a quote is not closed")];
            }

            if (names is not null)
            {
                return [ListEntry.Of(number, name => names.IndexOf(name) is var at and >= 0 && at < cells.Count ? cells[at] : null)];
            }

            names = [.. cells.Select(cell => cell.Trim().ToLowerInvariant())];
            return names.Exists(IsValueName) ? [] : [ListEntry.Bad(number, "the header row names no column 'value'")];
        }

        await foreach (ListEntry entry in LinesAsync(input, Row, cancel))
        {
            yield return entry;
        }
    }

    private static IEnumerable<ListEntry> JsonLine(long number, string line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return [];
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return [.. Elements(number, document.RootElement)];
        }
        catch (JsonException)
        {
            return [ListEntry.Bad(number, "the line is no JSON object")];
        }
    }

    private static async IAsyncEnumerable<ListEntry> ArrayAsync(Stream input, [EnumeratorCancellation] CancellationToken cancel)
    {
        JsonArrayReader elements = new(input);
        for (long number = 1; ; number++)
        {
            (JsonElement? element, string? fault) = await elements.NextAsync(cancel);
            if (fault is not null)
            {
                yield return ListEntry.Bad(number, fault);
            }

            if (element is not { } found)
            {
                yield break;
            }

            foreach (ListEntry entry in Elements(number, found))
            {
                yield return entry;
            }
        }
    }

    // CrowdSec's export is a list of alerts with the decisions inside; the last line of a Spamhaus list describes the list.
    private static IEnumerable<ListEntry> Elements(long number, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            return [new ListEntry(number) { Value = element.GetString()! }];
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return [ListEntry.Bad(number, "it is neither an object nor a text")];
        }

        if (element.TryGetProperty("decisions", out JsonElement inner) && inner.ValueKind == JsonValueKind.Array)
        {
            return inner.EnumerateArray().SelectMany(decision => decision.ValueKind == JsonValueKind.Object
                ? [ListEntry.Of(number, name => TextOf(decision, name))]
                : (IEnumerable<ListEntry>)[ListEntry.Bad(number, "a decision is no object")]);
        }

        return TextOf(element, "type") == "metadata" ? [] : [ListEntry.Of(number, name => TextOf(element, name))];
    }

    private static string? TextOf(JsonElement element, string name) => !element.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
