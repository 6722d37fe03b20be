namespace Whorl.Kernel;

/// <summary>A connection feature: set where the connection came over the unix socket in the data folder, whose file mode lets in its owner alone.</summary>
internal sealed class LocalSocketFeature
{
    public static readonly LocalSocketFeature Instance = new();

    private LocalSocketFeature()
    {
    }
}
