using System.CommandLine;
using System.Text.Json;
using Whorl.Delivery.Cli;
using Whorl.Hosting.Configuration;
using Whorl.Kernel;

namespace Whorl.Hosting;

/// <summary><c>whorl doctor</c>: what this machine can and cannot do for Whorl, and what to install.</summary>
internal static class DoctorCommand
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "one JSON array on standard output" };
        Command command = new("doctor", "what this machine can and cannot do, and what to install") { json };
        command.SetAction(async (parsed, cancel) =>
        {
            IReadOnlyList<DoctorFinding> findings;
            try
            {
                findings = await LookAsync(WhorlConfiguration.Read(parsed.GetValue(RunCommand.ConfigOption)), cancel);
            }
            catch (ConfigurationException fault)
            {
                await Console.Error.WriteLineAsync($"error: {fault.Message}");
                return ExitCode.WrongUsage;
            }

            if (parsed.GetValue(json))
            {
                WriteJson(findings);
            }
            else
            {
                Write(findings);
            }

            return findings.All(finding => finding.Ok) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<DoctorFinding>> LookAsync(IConfiguration configuration, CancellationToken cancel)
    {
        await using WebApplication app = WhorlHost.CreateBuilder(RoleTable.All, configuration).Build();
        List<DoctorFinding> findings = [];
        foreach (IDoctorCheck check in app.Services.GetServices<IDoctorCheck>())
        {
            using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            deadline.CancelAfter(Deadline);
            try
            {
                findings.Add(await check.CheckAsync(deadline.Token).WaitAsync(Deadline, cancel));
            }
            catch (Exception fault) when (fault is TimeoutException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                findings.Add(new(check.GetType().Name, false, $"no answer within {Deadline.TotalSeconds} s", "see whether the server it asks is reachable"));
            }
        }

        return findings;
    }

    private static void Write(IReadOnlyList<DoctorFinding> findings)
    {
        int width = findings.Select(finding => finding.Name.Length).DefaultIfEmpty().Max();
        foreach (DoctorFinding finding in findings)
        {
            Console.WriteLine($"{(finding.Ok ? "ok     " : "missing")}  {finding.Name.PadRight(width)}  {finding.Detail}");
            if (finding.Hint is not null)
            {
                Console.WriteLine($"{new string(' ', width + 11)}{finding.Hint}");
            }
        }
    }

    private static void WriteJson(IReadOnlyList<DoctorFinding> findings)
    {
        using Utf8JsonWriter json = new(Console.OpenStandardOutput());
        json.WriteStartArray();
        foreach (DoctorFinding finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("name", finding.Name);
            json.WriteBoolean("ok", finding.Ok);
            json.WriteString("detail", finding.Detail);
            json.WriteString("hint", finding.Hint);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
