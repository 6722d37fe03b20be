namespace Whorl.Kernel;

/// <summary>HTTP endpoints that a module adds to the console and API server; registered as a singleton, mapped by the host.</summary>
internal sealed record EndpointMap(Action<IEndpointRouteBuilder> Map);

/// <summary>What one check of <c>whorl doctor</c> found.</summary>
/// <param name="Name">What was looked at, in two or three words.</param>
/// <param name="Ok">False where a feature is off for lack of it.</param>
/// <param name="Detail">What is there, or what does not work without it.</param>
/// <param name="Hint">What to do about it; null where nothing is needed.</param>
internal sealed record DoctorFinding(string Name, bool Ok, string Detail, string? Hint);

/// <summary>A check of <c>whorl doctor</c>; modules register one for each dependency they can lack.</summary>
internal interface IDoctorCheck
{
    Task<DoctorFinding> CheckAsync(CancellationToken cancel);
}

/// <summary>Middleware that a module adds to the console and API server (headers, sign-in); registered as a singleton, applied in order of registration.</summary>
internal sealed record RequestPipeline(Action<IApplicationBuilder> Configure);

/// <summary>How the roles of this process were chosen.</summary>
/// <param name="Named">Whether roles were asked for by name, so that one that cannot work is a fault; otherwise each does what this machine can carry.</param>
internal sealed record RunningRoles(bool Named);
