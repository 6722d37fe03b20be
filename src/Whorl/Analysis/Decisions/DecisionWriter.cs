using Whorl.Bus;
using Whorl.Kernel;

namespace Whorl.Analysis.Decisions;

/// <summary>Stores a change, enforces it here, and tells the other nodes.</summary>
internal sealed class DecisionWriter(DecisionStore store, DecisionReplica replica, IBus bus, ILogger<DecisionWriter> log) : IDecisionWriter
{
    public Task AddAsync(IReadOnlyList<Decision> decisions, CancellationToken cancel) => ChangeAsync(decisions, [], cancel);

    public async Task<int> DeleteAsync(IReadOnlyList<DecisionId> ids, CancellationToken cancel) => (await ChangeAsync([], ids, cancel)).EndedInForce;

    /// <summary>Adds and ends at once, so that a replaced decision leaves no gap.</summary>
    public async Task<DecisionChange> ChangeAsync(IReadOnlyList<Decision> added, IReadOnlyList<DecisionId> ended, CancellationToken cancel)
    {
        DecisionChange change = await store.ChangeAsync(added, ended, cancel);
        if (change.Number == 0)
        {
            return change;
        }

        // Stored: from here on nobody's going away may leave it half told.
        await replica.ReceiveAsync(change, whole: true, CancellationToken.None);
        if (!await bus.PublishAsync(new(Topics.DecisionChanged, DecisionMessage.Write(change), DecisionMessage.ContentType), CancellationToken.None))
        {
            DecisionLog.NotPublished(log, change.Number);
        }

        return change;
    }
}
