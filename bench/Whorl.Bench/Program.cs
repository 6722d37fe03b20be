using System.Globalization;
using BenchmarkDotNet.Running;
using Whorl.Bench.Decisions;
using Whorl.Bench.Fuzzy;
using Whorl.Bench.Rules;

// Figures that are one run and one number, before the micro-benchmarks.
if (args is ["decisions"])
{
    DecisionTableBench.Report();
    return;
}

if (args is ["rules"])
{
    RuleSetBench.Report();
    return;
}

if (args is ["fuzzy", ..])
{
    FuzzyPeers.Report(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10_000);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(DecisionTableBench).Assembly).Run(args);
