using BenchmarkDotNet.Running;
using Whorl.Bench.Decisions;
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

BenchmarkSwitcher.FromAssembly(typeof(DecisionTableBench).Assembly).Run(args);
