using Whorl.Kernel;

namespace Whorl.Analysis.Scoring;

internal static class ScoringModule
{
    /// <summary>Needs the rules module and, from whichever module keeps decisions, an <see cref="IDecisionLookup"/>.</summary>
    public static IHostApplicationBuilder AddScoring(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IRequestJudge, RequestJudge>();
        return builder;
    }
}
