using System.Globalization;
using BenchmarkDotNet.Running;
using Whorl.Bench.Campaigns;
using Whorl.Bench.Capture;
using Whorl.Bench.Decisions;
using Whorl.Bench.Fuzzy;
using Whorl.Bench.Rules;

// Figures that are one run and one number, before the micro-benchmarks.
switch (args)
{
    case ["decisions"]:
        DecisionTableBench.Report();
        break;
    case ["capture", string file]:
        CaptureFileBench.Report(file);
        break;
    case ["campaigns", ..]:
        CampaignsBench.Report([.. args.Skip(1).Select(size => int.Parse(size, CultureInfo.InvariantCulture))]);
        break;
    case ["rules"]:
        RuleSetBench.Report();
        break;
    case ["fuzzy", ..]:
        FuzzyPeers.Report(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10_000);
        break;
    case ["scores", string method, string file]:
        using (StreamWriter output = new(Console.OpenStandardOutput()))
        {
            FuzzyScores.Write(method, file, output);
        }

        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(DecisionTableBench).Assembly).Run(args);
        break;
}
