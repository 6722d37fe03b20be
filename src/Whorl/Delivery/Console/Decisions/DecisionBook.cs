using Whorl.Kernel;

namespace Whorl.Delivery.WebConsole.Decisions;

/// <summary>Decisions in force, as the console lists, makes and ends them.</summary>
/// <param name="List">All in force, newest first, at most as many as asked for; null where this process cannot say.</param>
/// <param name="Writer">Null where this process cannot decide.</param>
internal sealed record DecisionBook(Func<int, CancellationToken, Task<IReadOnlyList<Decision>>>? List, IDecisionWriter? Writer);
