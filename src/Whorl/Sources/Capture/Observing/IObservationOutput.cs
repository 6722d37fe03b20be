using Whorl.Kernel;

namespace Whorl.Sources.Capture.Observing;

/// <summary>Takes what a writer has encoded; called on the thread that feeds the flow engine.</summary>
internal interface IObservationOutput
{
    void Write(in Observed observed);

    /// <summary>Time passes: what has waited long enough goes on. Called between packets.</summary>
    /// <param name="time">Time of the capture, in nanoseconds since 1970.</param>
    void Tick(long time);

    /// <summary>Nothing more comes.</summary>
    void Finish();
}

/// <summary>One observation, encoded. The spans are valid during the call only.</summary>
/// <param name="kind">What it is.</param>
/// <param name="at">Who, to whom, when.</param>
/// <param name="address">The source's address as text.</param>
/// <param name="attributes">The attributes as they stand between the braces of a JSON object.</param>
/// <param name="fingerprint">The part of them that makes two observations equal; empty where each counts for itself.</param>
internal readonly ref struct Observed(
    CaptureKind kind, in Flows.Sighting at, ReadOnlySpan<byte> address, ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> fingerprint)
{
    public CaptureKind Kind { get; } = kind;

    public Flows.Sighting At { get; } = at;

    public ReadOnlySpan<byte> Address { get; } = address;

    public ReadOnlySpan<byte> Attributes { get; } = attributes;

    public ReadOnlySpan<byte> Fingerprint { get; } = fingerprint;

    /// <summary>When, in ticks of UTC.</summary>
    public long Ticks => TicksOf(At.Time);

    /// <summary>Ticks of UTC for nanoseconds since 1970, within what a date can be.</summary>
    public static long TicksOf(long nanoseconds) => Math.Max(0, DateTimeOffset.UnixEpoch.UtcTicks + (nanoseconds / TimeSpan.NanosecondsPerTick));
}
