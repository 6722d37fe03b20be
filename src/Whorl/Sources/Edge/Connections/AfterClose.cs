namespace Whorl.Sources.Edge.Connections;

/// <summary>
/// Bounds how long a connection that is gone is still served. Kestrel (10.0) may wait for ever for HTTP/2 streams that a client reset in great numbers
/// before it hung up; each such connection would keep its place under <see cref="EdgeLimits.Connections"/> for as long as the process lives.
/// </summary>
internal static class AfterClose
{
    /// <summary>Time for what still runs for the client to see that it is gone.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>Ends with <paramref name="serving"/>, or a grace after <paramref name="closed"/>.</summary>
    public static async Task EndAsync(Task serving, TimeProvider clock, CancellationToken closed)
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registered = closed.UnsafeRegister(static gone => ((TaskCompletionSource)gone!).TrySetResult(), gone);
        await Task.WhenAny(serving, gone.Task);
        try
        {
            await serving.WaitAsync(Grace, clock, CancellationToken.None);
        }
        catch (TimeoutException) when (!serving.IsCompleted)
        {
            // Whatever it waits for, it is nobody's.
        }
    }
}
