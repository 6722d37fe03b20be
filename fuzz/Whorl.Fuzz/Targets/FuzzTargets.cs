namespace Whorl.Fuzz.Targets;

/// <summary>The table of targets: one line per area, each area's list in its own file.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. TlsFuzzTargets.All,
        .. HttpFuzzTargets.All,
        .. NetworkFuzzTargets.All,
        .. ContentFuzzTargets.All,
        .. CaptureFuzzTargets.All,
        .. EdgeFuzzTargets.All,
        .. AnalysisFuzzTargets.All,
        .. DecoyFuzzTargets.All,
        .. ProbeFuzzTargets.All,
        .. SiteFuzzTargets.All,
        .. VisitFuzzTargets.All,
    ];
}
