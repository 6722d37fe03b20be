using System.CommandLine;
using System.Data.Common;
using System.Text.Json;
using Whorl.Analysis.Explanations;
using Whorl.Delivery.Api;
using Whorl.Delivery.WebConsole.Requests;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl explain ID</c>: what the console's page says, for a terminal.</summary>
internal static class ExplainCommand
{
    public static Command Create(LocalNode node, Output output)
    {
        Argument<string> id = new("id") { Description = "the reference on a refusal page, or any observation's id" };
        Option<bool> json = new("--json") { Description = "JSON on standard output: the answer of GET /api/v1/explain/{id}" };
        Command command = new("explain", """
            why a request ended as it did: verdict, rules, evidence

            Examples:
              whorl explain 01k8zq3v9e7t2m5n4p6r8s0w1x
              whorl explain 01k8zq3v9e7t2m5n4p6r8s0w1x --json
            """) { id, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string text = parsed.GetValue(id)!;
            if (!ObservationId.TryParse(text, out ObservationId parsedId))
            {
                return output.Fail($"'{text}' is no id.", "An id has 26 letters and digits; refusal pages show it as the reference.", ExitCode.WrongUsage);
            }

            try
            {
                await using WebApplication? host = node.Open(parsed);
                if (host is null)
                {
                    return ExitCode.WrongUsage;
                }

                // A running process also knows what is not committed yet; without one the journal answers.
                using ApiClient? running = await ApiClient.OverSocketAsync(LocalNode.SocketOf(host), cancel);
                Explanation? explained = running is not null
                    ? await running.ExplainAsync(parsedId, cancel)
                    : await host.Services.GetRequiredService<RequestHistory>().ExplainAsync(parsedId, cancel);
                if (explained is null)
                {
                    return output.Fail($"No observation {parsedId} is known.", "It may be older than the journal keeps.");
                }

                if (parsed.GetValue(json))
                {
                    output.Json(writer => JsonSerializer.Serialize(writer, explained, ExplanationJson.Default.Explanation));
                }
                else
                {
                    await output.Data.WriteAsync(ExplanationText.Write(explained));
                }

                return ExitCode.Done;
            }
            catch (DeskException fault)
            {
                return output.Fail(fault.Fault.Detail, fault.Fault.Hint);
            }
            catch (StoreException fault)
            {
                return output.Fail(fault.Message, fault.Hint);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DbException)
            {
                return output.Fail(fault.Message, "See `whorl doctor` for what this machine lacks.");
            }
        });
        return command;
    }
}
