using System.CommandLine;
using System.Text.Json;
using Whorl.Analysis.Explanations;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl explain ID</c>: what the console's page says, for a terminal.</summary>
internal static class ExplainCommand
{
    public static Command Create(LocalNode node, Output output)
    {
        Argument<string> id = new("id") { Description = "the reference on a refusal page, or any observation's id" };
        Option<bool> json = new("--json") { Description = "JSON on standard output: the answer of GET /api/v1/explain/{id}" };
        DeskOptions desk = new(node);
        Command command = new("explain", """
            why a request ended as it did: verdict, rules, evidence

            Examples:
              whorl explain 01k8zq3v9e7t2m5n4p6r8s0w1x
              whorl explain 01k8zq3v9e7t2m5n4p6r8s0w1x --json
              whorl explain 01k8zq3v9e7t2m5n4p6r8s0w1x --api https://whorl.example.com --key-file key
            """) { id, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string text = parsed.GetValue(id)!;
            if (!ObservationId.TryParse(text, out ObservationId parsedId))
            {
                return output.Fail($"'{text}' is no id.", "An id has 26 letters and digits; refusal pages show it as the reference.", ExitCode.WrongUsage);
            }

            // A running process also knows what is not committed yet; without one the journal answers.
            return await desk.RunAsync(
                parsed,
                output,
                async running => Print(output, parsedId, await running.ExplainAsync(parsedId, cancel), parsed.GetValue(json)),
                async host => Print(output, parsedId, await host.Services.GetRequiredService<RequestHistory>().ExplainAsync(parsedId, cancel), parsed.GetValue(json)),
                cancel);
        });
        desk.AddTo(command);
        return command;
    }

    private static int Print(Output output, ObservationId id, Explanation? explained, bool json)
    {
        if (explained is null)
        {
            return output.Fail($"No observation {id} is known.", "It may be older than the journal keeps.");
        }

        if (json)
        {
            output.Json(writer => JsonSerializer.Serialize(writer, explained, ExplanationJson.Default.Explanation));
        }
        else
        {
            output.Data.Write(ExplanationText.Write(explained));
        }

        return ExitCode.Done;
    }
}
