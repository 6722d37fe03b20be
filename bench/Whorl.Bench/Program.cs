using BenchmarkDotNet.Running;
using Whorl.Bench.Decisions;

// Figures that are one run and one number, before the micro-benchmarks.
if (args is ["decisions"])
{
    DecisionTableBench.Report();
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(DecisionTableBench).Assembly).Run(args);
