using System.CommandLine;
using System.Text.Json;
using Whorl.Analysis.Rules;
using Whorl.Analysis.Rules.Compiled;
using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Delivery.Cli;

/// <summary><c>whorl rules check|list|test</c>: reads rules files as the edge would, without a running Whorl.</summary>
internal static class RulesCommand
{
    /// <param name="configured">The paths of the configuration; null, after saying why, where it cannot be read.</param>
    public static Command Create(Func<ParseResult, IReadOnlyList<string>?> configured)
    {
        Argument<string[]> paths = new("path") { Description = "files and folders; default: those of the configuration", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> json = new("--json") { Description = "one JSON array on standard output" };

        Command check = new("check", "name every fault of rules files, with file, line and column; exit code 2 where there are any") { paths, json };
        check.SetAction(parsed => WithRules(parsed, source => Check(source, parsed.GetValue(json))));
        Command list = new("list", "print the rules in the order they are asked") { paths, json };
        list.SetAction(parsed => WithRules(parsed, source => List(source, parsed.GetValue(json))));
        Command test = new("test", "run the tests inside rules files; exit code 1 where one fails") { paths, json };
        test.SetAction(parsed => WithRules(parsed, source => Test(source, parsed.GetValue(json))));
        return new Command("rules", "check, list or test detection rules") { check, list, test };

        int WithRules(ParseResult parsed, Func<RuleSource, int> use)
        {
            string[] given = parsed.GetValue(paths) ?? [];
            if ((given.Length > 0 ? given : configured(parsed)) is not { } chosen)
            {
                return ExitCode.WrongUsage;
            }

            if (Array.Find(given, path => !Path.Exists(path)) is { } missing)
            {
                Console.Error.WriteLine($"error: there is no file or folder {missing}");
                return ExitCode.WrongUsage;
            }

            List<RuleFault> faults = [];
            IReadOnlyList<RuleText> texts = RuleFiles.Read(chosen, faults);
            RuleSource source = RuleReader.Read(texts);
            if (texts.Count == 0 && faults.Count == 0)
            {
                Console.Error.WriteLine($"hint: no *.yaml file in {string.Join(", ", chosen)}");
            }

            return use(source with { Faults = [.. faults, .. source.Faults] });
        }
    }

    private static int Check(RuleSource source, bool json)
    {
        if (json)
        {
            WriteJson(writer =>
            {
                foreach (RuleFault fault in source.Faults)
                {
                    writer.WriteStartObject();
                    WritePlace(writer, fault.Place);
                    writer.WriteString("message", fault.Message);
                    writer.WriteString("hint", fault.Hint);
                    writer.WriteEndObject();
                }
            });
        }
        else
        {
            WriteFaults(source);
        }

        Console.Error.WriteLine(source.Faults.Count == 0 ? $"{source.Rules.Count} rules, no faults" : $"{source.Faults.Count} faults");
        return source.Faults.Count == 0 ? ExitCode.Done : ExitCode.WrongUsage;
    }

    private static int List(RuleSource source, bool json)
    {
        if (json)
        {
            WriteJson(writer =>
            {
                foreach (RuleDefinition rule in source.Rules)
                {
                    WriteRule(writer, rule);
                }
            });
        }
        else if (Console.IsOutputRedirected)
        {
            foreach (RuleDefinition rule in source.Rules)
            {
                Console.WriteLine(string.Join('\t', rule.Info.Id, rule.Info.Version, EffectOf(rule.Info), OneLine(rule.Info.Description), rule.Place));
            }
        }
        else
        {
            int id = source.Rules.Select(rule => rule.Info.Id.Length).DefaultIfEmpty(0).Max();
            int effect = source.Rules.Select(rule => EffectOf(rule.Info).Length).DefaultIfEmpty(0).Max();
            foreach (RuleDefinition rule in source.Rules)
            {
                Console.WriteLine($"{rule.Info.Id.PadRight(id)}  v{rule.Info.Version,-3} {EffectOf(rule.Info).PadRight(effect)}  {OneLine(rule.Info.Description)}");
            }
        }

        WriteFaults(source);
        Console.Error.WriteLine($"{source.Rules.Count} rules; {string.Join(", ", source.Thresholds.Select(threshold => $"{Actions.NameOf(threshold.Action)} from {threshold.Score}"))}");
        return source.Faults.Count == 0 ? ExitCode.Done : ExitCode.WrongUsage;
    }

    private static int Test(RuleSource source, bool json)
    {
        if (source.Faults.Count > 0)
        {
            WriteFaults(source);
            return ExitCode.WrongUsage;
        }

        RuleTestRun run = RuleTestRun.Of(RuleCompiler.Compile(source));
        if (json)
        {
            WriteJson(writer =>
            {
                foreach (RuleTestFailure failure in run.Failures)
                {
                    writer.WriteStartObject();
                    writer.WriteString("rule", failure.Rule.Info.Id);
                    WritePlace(writer, failure.Test.Place);
                    writer.WriteString("expected", failure.Expected);
                    writer.WriteString("got", failure.Got);
                    writer.WriteEndObject();
                }
            });
        }
        else
        {
            foreach (RuleTestFailure failure in run.Failures)
            {
                Console.WriteLine($"{failure.Test.Place}: {failure.Rule.Info.Id}: expected {failure.Expected}, got {failure.Got}");
                foreach ((string field, object value) in failure.Test.Facts.Values)
                {
                    Console.WriteLine($"    {field}: {OneLine(value.ToString() ?? "")}");
                }
            }
        }

        Console.Error.WriteLine($"{run.Tests - run.Failures.Count} of {run.Tests} tests passed");
        return run.Failures.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WriteFaults(RuleSource source)
    {
        foreach (RuleFault fault in source.Faults)
        {
            Console.Error.WriteLine($"error: {fault.Place}: {OneLine(fault.Message)}");
            if (fault.Hint is { } hint)
            {
                Console.Error.WriteLine($"hint: {OneLine(hint)}");
            }
        }
    }

    private static void WriteRule(Utf8JsonWriter writer, RuleDefinition rule)
    {
        writer.WriteStartObject();
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
        writer.WriteEndObject();
    }

    private static void WritePlace(Utf8JsonWriter writer, RulePlace place)
    {
        writer.WriteString("file", place.File);
        writer.WriteNumber("line", place.Line);
        writer.WriteNumber("column", place.Column);
    }

    private static void WriteJson(Action<Utf8JsonWriter> write)
    {
        using Stream output = Console.OpenStandardOutput();
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { Indented = !Console.IsOutputRedirected }))
        {
            writer.WriteStartArray();
            write(writer);
            writer.WriteEndArray();
        }

        output.Write("\n"u8);
    }

    private static string EffectOf(RuleInfo rule)
    {
        string weight = rule.Weight == 0 ? "" : rule.Weight.ToString("+0;-0", System.Globalization.CultureInfo.InvariantCulture);
        string effect = rule.Action is not { } action ? weight : weight.Length == 0 ? Actions.NameOf(action) : $"{Actions.NameOf(action)} {weight}";
        return rule.Simulated ? effect + " (simulated)" : effect;
    }

    // A rules file must not drive the terminal of whoever lists it.
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
