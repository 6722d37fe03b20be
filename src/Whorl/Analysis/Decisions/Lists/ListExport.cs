using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Whorl.Kernel;
using Whorl.Kernel.Writing;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>Writes decisions so that <see cref="ListReader"/> and others can read them.</summary>
internal static class ListExport
{
    public static async Task<int> WriteAsync(IAsyncEnumerable<Decision> decisions, ListFormat format, Stream output, CancellationToken cancel)
    {
        ArrayBufferWriter<byte> line = new();
        int count = 0;
        async ValueTask FlushAsync()
        {
            await output.WriteAsync(line.WrittenMemory, cancel);
            line.ResetWrittenCount();
        }

        if (format == ListFormat.Csv)
        {
            Encoding.UTF8.GetBytes(CsvRow.Write("id", "scope", "value", "action", "until", "reason", "scenario", "origin", "simulated"), line);
        }

        await foreach (Decision decision in decisions.WithCancellation(cancel))
        {
            if (format == ListFormat.Json)
            {
                Encoding.UTF8.GetBytes(count == 0 ? "[\n" : ",\n", line);
            }

            Write(decision, format, line);
            count++;
            if (line.WrittenCount > 32 * 1024)
            {
                await FlushAsync();
            }
        }

        if (format == ListFormat.Json)
        {
            Encoding.UTF8.GetBytes(count == 0 ? "[]\n" : "\n]\n", line);
        }

        await FlushAsync();
        return count;
    }

    private static void Write(Decision decision, ListFormat format, ArrayBufferWriter<byte> line)
    {
        switch (format)
        {
            case ListFormat.Csv:
                Encoding.UTF8.GetBytes(
                    CsvRow.Write(
                        decision.Id.ToString(), Name(decision.Scope), decision.Value, Name(decision.Action),
                        decision.Until?.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture) ?? "",
                        decision.Reason, decision.Scenario, decision.Origin, decision.Simulated ? "true" : "false"),
                    line);
                break;
            case ListFormat.Json or ListFormat.JsonLines:
                using (Utf8JsonWriter json = new(line))
                {
                    json.WriteStartObject();
                    json.WriteString("id"u8, decision.Id.ToString());
                    json.WriteString("scope"u8, Name(decision.Scope));
                    json.WriteString("value"u8, decision.Value);
                    json.WriteString("action"u8, Name(decision.Action));
                    if (decision.Until is { } until)
                    {
                        json.WriteString("until"u8, until);
                    }

                    json.WriteString("reason"u8, decision.Reason);
                    json.WriteString("scenario"u8, decision.Scenario);
                    json.WriteString("origin"u8, decision.Origin);
                    json.WriteBoolean("simulated"u8, decision.Simulated);
                    json.WriteEndObject();
                }

                if (format == ListFormat.JsonLines)
                {
                    line.Write("\n"u8);
                }

                break;
            default:
                // A list of values is a list of addresses: other systems know no other scope in it.
                if (decision.Scope is DecisionScope.Ip or DecisionScope.Range)
                {
                    Encoding.UTF8.GetBytes(decision.Value + "\n", line);
                }

                break;
        }
    }

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
