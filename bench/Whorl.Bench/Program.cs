using BenchmarkDotNet.Running;
using Whorl.Bench.Fingerprints;

BenchmarkSwitcher.FromAssembly(typeof(ClientHelloBench).Assembly).Run(args);
