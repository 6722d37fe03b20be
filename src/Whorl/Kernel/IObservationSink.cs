namespace Whorl.Kernel;

/// <summary>Where sources hand observations over. Never waits: a full queue drops and counts.</summary>
internal interface IObservationSink
{
    /// <summary>False where the observation was dropped.</summary>
    bool TryPublish(Observation observation);

    /// <summary>
    /// Hands over observations of one kind that are already encoded. The memory belongs to the sink from here on.
    /// </summary>
    bool TryPublish(ObservationBatch batch);
}

/// <summary>Encoded observations of one kind.</summary>
/// <param name="Kind">Kind of every one of them.</param>
/// <param name="Count">How many.</param>
/// <param name="First">Smallest id among them.</param>
/// <param name="Last">Largest id among them.</param>
/// <param name="Json">A CloudEvents JSON batch, one event a line: <c>[\n{…},\n{…}\n]</c>.</param>
internal sealed record ObservationBatch(string Kind, int Count, ObservationId First, ObservationId Last, ReadOnlyMemory<byte> Json);
