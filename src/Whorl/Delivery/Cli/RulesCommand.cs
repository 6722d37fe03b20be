using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Whorl.Analysis.Rules;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl rules check|list|test</c>: reads rules files as the edge would, without a running Whorl.</summary>
internal static class RulesCommand
{
    /// <param name="configured">The paths of the configuration; null, after saying why, where it cannot be read.</param>
    public static Command Create(Func<ParseResult, IReadOnlyList<string>?> configured, Output output)
    {
        Argument<string[]> paths = new("path") { Description = "files and folders; default: those of the configuration", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> json = new("--json") { Description = "one JSON array on standard output" };

        Command check = new("check", "name every fault of rules files, with file, line and column; exit code 2 where there are any") { paths, json };
        check.SetAction(parsed => WithRules(parsed, source => Check(source, output, parsed.GetValue(json))));
        Command list = new("list", "print the rules in the order they are asked") { paths, json };
        list.SetAction(parsed => WithRules(parsed, source => List(source, output, parsed.GetValue(json))));
        Command test = new("test", "run the tests inside rules files; exit code 1 where one fails") { paths, json };
        test.SetAction(parsed => WithRules(parsed, source => Test(source, output, parsed.GetValue(json))));
        return new Command("rules", "check, list or test detection rules") { check, list, test };

        int WithRules(ParseResult parsed, Func<RuleSource, int> use)
        {
            string[] given = parsed.GetValue(paths) ?? [];
            if (Array.Find(given, path => !Path.Exists(path)) is { } missing)
            {
                return output.Fail($"there is no file or folder {missing}", code: ExitCode.WrongUsage);
            }

            if ((given.Length > 0 ? given : configured(parsed)) is not { } chosen)
            {
                return ExitCode.WrongUsage;
            }

            List<ContentFault> faults = [];
            IReadOnlyList<RuleText> texts = RuleFiles.Read(chosen, faults);
            RuleSource source = RuleReader.Read(texts);
            if (texts.Count == 0 && faults.Count == 0)
            {
                output.Say($"no *.yaml file in {string.Join(", ", chosen)}");
            }

            return use(source with { Faults = [.. faults, .. source.Faults] });
        }
    }

    private static int Check(RuleSource source, Output output, bool json)
    {
        if (json)
        {
            output.Json(writer => WriteAll(writer, source.Faults, fault =>
            {
                WritePlace(writer, fault.Place);
                writer.WriteString("message", fault.Message);
                writer.WriteString("hint", fault.Hint);
            }));
        }
        else
        {
            WriteFaults(source, output);
        }

        output.Say(source.Faults.Count == 0 ? $"{source.Rules.Count} rules, no faults" : $"{source.Faults.Count} faults");
        return source.Faults.Count == 0 ? ExitCode.Done : ExitCode.WrongUsage;
    }

    private static int List(RuleSource source, Output output, bool json)
    {
        if (json)
        {
            output.Json(writer => WriteAll(writer, source.Rules, rule => WriteRule(writer, rule)));
        }
        else
        {
            output.Table(
                ["id", "version", "effect", "description", "place"],
                [.. source.Rules.Select(rule => (IReadOnlyList<string>)[rule.Info.Id, rule.Info.Version.ToString(CultureInfo.InvariantCulture), EffectOf(rule.Info), rule.Info.Description, rule.Place.ToString()])]);
        }

        WriteFaults(source, output);
        output.Say($"{source.Rules.Count} rules{string.Concat(source.Thresholds.Select(threshold => $", {Actions.NameOf(threshold.Action)} from {threshold.Score}"))}");
        return source.Faults.Count == 0 ? ExitCode.Done : ExitCode.WrongUsage;
    }

    private static int Test(RuleSource source, Output output, bool json)
    {
        if (source.Faults.Count > 0)
        {
            WriteFaults(source, output);
            return ExitCode.WrongUsage;
        }

        RuleTestRun run = RuleTestRun.Of(RuleCompiler.Compile(source));
        if (json)
        {
            output.Json(writer => WriteAll(writer, run.Failures, failure =>
            {
                writer.WriteString("rule", failure.Rule.Info.Id);
                WritePlace(writer, failure.Test.Place);
                writer.WriteString("expected", failure.Expected);
                writer.WriteString("got", failure.Got);
            }));
        }
        else
        {
            foreach (RuleTestFailure failure in run.Failures)
            {
                output.Data.WriteLine(Output.Escape($"{failure.Test.Place}: {failure.Rule.Info.Id}: expected {failure.Expected}, got {failure.Got}"));
                foreach ((string field, object value) in failure.Test.Facts.Values)
                {
                    output.Data.WriteLine(Output.Escape($"    {field}: {value}"));
                }
            }
        }

        output.Say($"{run.Tests - run.Failures.Count} of {run.Tests} tests passed");
        return run.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WriteFaults(RuleSource source, Output output)
    {
        foreach (ContentFault fault in source.Faults)
        {
            output.Fail($"{fault.Place}: {fault.Message}", fault.Hint);
        }
    }

    private static void WriteAll<T>(Utf8JsonWriter writer, IReadOnlyList<T> items, Action<T> write)
    {
        writer.WriteStartArray();
        foreach (T item in items)
        {
            writer.WriteStartObject();
            write(item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRule(Utf8JsonWriter writer, RuleDefinition rule)
    {
        writer.WriteString("id", rule.Info.Id);
        writer.WriteNumber("version", rule.Info.Version);
        writer.WriteString("description", rule.Info.Description);
        writer.WriteNumber("weight", rule.Info.Weight);
        writer.WriteString("action", rule.Info.Action is { } action ? Actions.NameOf(action) : null);
        writer.WriteBoolean("simulated", rule.Info.Simulated);
        writer.WriteStartArray("references");
        foreach (string reference in rule.References)
        {
            writer.WriteStringValue(reference);
        }

        writer.WriteEndArray();
        writer.WriteNumber("tests", rule.Tests.Count);
        WritePlace(writer, rule.Place);
    }

    private static void WritePlace(Utf8JsonWriter writer, ContentPlace place)
    {
        writer.WriteString("file", place.File);
        writer.WriteNumber("line", place.Line);
        writer.WriteNumber("column", place.Column);
    }

    private static string EffectOf(RuleInfo rule)
    {
        string weight = rule.Weight == 0 ? "" : rule.Weight.ToString("+0;-0", CultureInfo.InvariantCulture);
        string effect = rule.Action is not { } action ? weight : weight.Length == 0 ? Actions.NameOf(action) : $"{Actions.NameOf(action)} {weight}";
        return rule.Simulated ? effect + " (simulated)" : effect;
    }
}
